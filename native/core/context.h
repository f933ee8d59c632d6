// A libseccomp filter context: one method per C function, none of which a caller can crash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "result.h"

namespace seccomp_node {

using Bytes = std::vector<std::uint8_t>;

class Context {
 public:
  /** Twice the instructions that the kernel takes, and few enough for libseccomp's recursion along a list of rules. */
  static constexpr std::size_t kMaxRules = 8192;
  static constexpr std::size_t kMaxComparisons = 8192;
  static constexpr std::size_t kMaxTransactions = 64;
  /** Numbers that describe a comparison: argument, operator, datum_a, datum_b. */
  static constexpr std::size_t kComparisonWords = 4;

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

  /** A scmp_filter_ctx; null once released. */
  void* handle_;
  Size size_;
  /** The size at the start of each open transaction: libseccomp crashes on a reject without a start. */
  std::vector<Size> transactions_;
};

}  // namespace seccomp_node
