// A libseccomp filter context: one method for each C function. Callers cannot crash any of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "joint_rules.h"
#include "result.h"

namespace seccomp_node {

using Bytes = std::vector<std::uint8_t>;

class Context {
 public:
  /** Twice the maximum of the kernel, and few enough for libseccomp's recursion along a list of rules. */
  static constexpr std::size_t kMaxRules = 8192;
  static constexpr std::size_t kMaxComparisons = 8192;
  static constexpr std::size_t kMaxTransactions = 64;
  static constexpr std::size_t kComparisonWords = JointRules::kComparisonWords;
  /** Processor time for libseccomp in a context with rules on which it may not terminate. */
  static constexpr std::chrono::seconds kTrialBudget{4};
  /** The limit for one call. */
  static constexpr std::chrono::milliseconds kCallBudget{1000};
  /** The minimum budget for releasing the context. */
  static constexpr std::chrono::milliseconds kReleaseBudget{200};

  static Result<Context> init(std::uint32_t default_action);

  Context(Context&& other) noexcept;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  Context& operator=(Context&&) = delete;
  ~Context() { release(); }

  Status reset(std::uint32_t default_action);
  void release();
  /** On success the source is released. */
  Status merge(Context& source);

  [[nodiscard]] Result<bool> arch_exist(std::uint32_t arch) const;
  Status arch_add(std::uint32_t arch);
  Status arch_remove(std::uint32_t arch);

  [[nodiscard]] Result<std::uint32_t> attr_get(std::uint32_t attribute) const;
  Status attr_set(std::uint32_t attribute, std::uint32_t value);

  Status rule_add(bool exact, std::uint32_t action, std::int32_t syscall, std::span<const std::uint64_t> comparisons);
  Status syscall_priority(std::int32_t syscall, std::uint8_t priority);

  Status transaction_start();
  Status transaction_reject();
  Status transaction_commit();

  Status precompute();
  [[nodiscard]] Result<Bytes> export_bpf() const;
  [[nodiscard]] Result<std::string> export_pfc() const;
  Status load();
  [[nodiscard]] Result<std::int32_t> notify_fd() const;

 private:
  /** The size of the context, to keep it within the limits above. */
  struct Size {
    std::size_t rules = 0;
    std::size_t comparisons = 0;
  };

  explicit Context(void* handle) : handle_(handle) {}

  /** libseccomp treats a context without architectures as invalid. */
  [[nodiscard]] bool has_arch() const;
  [[nodiscard]] Status refuse_oversize(const char* function) const;
  /**
   * Calls libseccomp. If it may not terminate on the rules of this context, a child does the work first, within the
   * budget: fails with ETIMEDOUT or ENOTRECOVERABLE if the child did not finish.
   */
  Status call(const char* function, const std::function<int()>& work) const;
  /** Does the work in a child, within the budget. Only whether it finished is known, not its result. */
  Status on_trial(const char* function, const std::function<int()>& work) const;
  /** The filter as text. The caller holds the lock. */
  [[nodiscard]] Result<std::string> pseudo_code() const;

  /** A scmp_filter_ctx; null once released. */
  void* handle_;
  Size size_;
  /** The size at the start of each open transaction: libseccomp crashes on a reject without a start. */
  std::vector<Size> transactions_;
  /** Rules of rejected transactions count too. */
  JointRules joint_rules_;
  /** Whether a call has rules on which libseccomp may not terminate. */
  bool may_not_terminate_ = false;
  mutable std::chrono::microseconds budget_ = kTrialBudget;
};

}  // namespace seccomp_node
