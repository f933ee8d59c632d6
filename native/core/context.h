// A libseccomp filter context: one method per C function, none of which a caller can crash.
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
  /** Twice the instructions that the kernel takes, and few enough for libseccomp's recursion along a list of rules. */
  static constexpr std::size_t kMaxRules = 8192;
  static constexpr std::size_t kMaxComparisons = 8192;
  static constexpr std::size_t kMaxTransactions = 64;
  static constexpr std::size_t kComparisonWords = JointRules::kComparisonWords;
  /** Processor time that a context may take of libseccomp where its rules are such that it may not terminate. */
  static constexpr std::chrono::seconds kTrialBudget{4};
  /** What one call may take of it. */
  static constexpr std::chrono::milliseconds kCallBudget{1000};
  /** What is left of it at least when the context is freed. */
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
  /** What the context holds, to keep it within the limits above. */
  struct Size {
    std::size_t rules = 0;
    std::size_t comparisons = 0;
  };

  explicit Context(void* handle) : handle_(handle) {}

  /** libseccomp takes a context from which every architecture was removed for an invalid one. */
  [[nodiscard]] bool has_arch() const;
  [[nodiscard]] Status refuse_oversize(const char* function) const;
  /**
   * Calls libseccomp. Where it may not terminate on the rules of this context, a child does the work first, within
   * the budget: fails with ETIMEDOUT or ENOTRECOVERABLE where the child did not come to an end.
   */
  Status call(const char* function, const std::function<int()>& work) const;
  /** Has a child do the work, within the budget. Its result is not known, only that it came to an end. */
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
  /** Whether some call has rules on which libseccomp may not terminate. */
  bool may_not_terminate_ = false;
  mutable std::chrono::microseconds budget_ = kTrialBudget;
};

}  // namespace seccomp_node
