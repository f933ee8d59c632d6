#include "context.h"

#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "library.h"
#include "memory_file.h"
#include "trial.h"

#define LIBSECCOMP_AT_LEAST(major, minor) \
  (SCMP_VER_MAJOR > (major) || (SCMP_VER_MAJOR == (major) && SCMP_VER_MINOR >= (minor)))

namespace seccomp_node {

namespace {

constexpr std::size_t kMaxArguments = 6;

/**
 * The maximum number of decisions in a filter, counted in its pseudo filter code. A larger filter is rejected.
 *
 * libseccomp 2.6.0 counts instructions in 16 bits and corrupts the heap if they overflow. A decision becomes at most
 * seven instructions: load, mask and jump, a reload and a mask where blocks are shared, and a long jump for each
 * branch. So this bound keeps every program below 65,536, and is still twice what the kernel accepts.
 */
constexpr std::size_t kMaxDecisions = 8192;

Failure released(const char* function) { return {function, EBADF}; }

std::size_t count_decisions(std::string_view pseudo_code) {
  constexpr std::string_view kDecision = "if (";
  std::size_t count = 0;
  for (auto at = pseudo_code.find(kDecision); at != std::string_view::npos;
       at = pseudo_code.find(kDecision, at + kDecision.size())) {
    ++count;
  }
  return count;
}

}  // namespace

Result<Context> Context::init(std::uint32_t default_action) {
  const LibraryLock lock;
  auto* handle = seccomp_init(default_action);
  // seccomp_init(3) gives no reason; in practice it only fails for an unknown action.
  if (handle == nullptr) return Failure{"seccomp_init", EINVAL};
  return Context(handle);
}

Context::Context(Context&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      size_(other.size_),
      transactions_(std::move(other.transactions_)),
      joint_rules_(std::move(other.joint_rules_)),
      may_not_terminate_(other.may_not_terminate_),
      budget_(other.budget_) {}

Status Context::reset(std::uint32_t default_action) {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_reset");
  const auto failed = call("seccomp_reset", [&] { return seccomp_reset(handle_, default_action); });
  if (!failed) {
    size_ = {};
    transactions_.clear();
    joint_rules_ = {};
    may_not_terminate_ = false;
    budget_ = kTrialBudget;
  }
  return failed;
}

void Context::release() {
  if (handle_ == nullptr) return;
  const LibraryLock lock;
  auto* const handle = std::exchange(handle_, nullptr);
  budget_ = std::max<std::chrono::microseconds>(budget_, kReleaseBudget);
  // A context that libseccomp cannot free within the limit stays in memory.
  call("seccomp_release", [=] {
    seccomp_release(handle);
    return 0;
  });
}

Status Context::merge(Context& source) {
  const LibraryLock lock;
  if (handle_ == nullptr || source.handle_ == nullptr) return released("seccomp_merge");
  const Size sum{size_.rules + source.size_.rules, size_.comparisons + source.size_.comparisons};
  if (sum.rules > kMaxRules || sum.comparisons > kMaxComparisons) return Failure{"seccomp_merge", E2BIG};
  // The rules of a merge that fails are counted too: the limit only applies earlier.
  may_not_terminate_ = joint_rules_.merge(source.joint_rules_) || may_not_terminate_ || source.may_not_terminate_;
  // A context merged into itself has every architecture twice: libseccomp refuses it before it frees anything.
  const auto failed = call("seccomp_merge", [&] { return seccomp_merge(handle_, source.handle_); });
  if (!failed) {
    source.handle_ = nullptr;
    size_ = sum;
  }
  return failed;
}

Result<bool> Context::arch_exist(std::uint32_t arch) const {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_arch_exist");
  const int answer = seccomp_arch_exist(handle_, arch);
  if (answer == -EEXIST) return false;
  if (answer < 0) return Failure{"seccomp_arch_exist", -answer};
  return true;
}

Status Context::arch_add(std::uint32_t arch) {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_arch_add");
  return call("seccomp_arch_add", [&] { return seccomp_arch_add(handle_, arch); });
}

Status Context::arch_remove(std::uint32_t arch) {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_arch_remove");
  return call("seccomp_arch_remove", [&] { return seccomp_arch_remove(handle_, arch); });
}

Result<std::uint32_t> Context::attr_get(std::uint32_t attribute) const {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_attr_get");
  std::uint32_t value = 0;
  const auto failed =
      status("seccomp_attr_get", seccomp_attr_get(handle_, static_cast<scmp_filter_attr>(attribute), &value));
  if (failed) return *failed;
  return value;
}

Status Context::attr_set(std::uint32_t attribute, std::uint32_t value) {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_attr_set");
  return status("seccomp_attr_set", seccomp_attr_set(handle_, static_cast<scmp_filter_attr>(attribute), value));
}

Status Context::rule_add(bool exact, std::uint32_t action, std::int32_t syscall,
                         std::span<const std::uint64_t> comparisons) {
  const char* function = exact ? "seccomp_rule_add_exact_array" : "seccomp_rule_add_array";
  const LibraryLock lock;
  if (handle_ == nullptr) return released(function);
  const auto count = comparisons.size() / kComparisonWords;
  if (count > kMaxArguments || comparisons.size() % kComparisonWords != 0) return Failure{function, EINVAL};
  if (size_.rules >= kMaxRules || size_.comparisons + count > kMaxComparisons) return Failure{function, E2BIG};
  std::array<scmp_arg_cmp, kMaxArguments> arguments{};
  for (std::size_t index = 0; index < count; ++index) {
    const auto words = comparisons.subspan(index * kComparisonWords, kComparisonWords);
    if (words[0] >= kMaxArguments || words[1] <= _SCMP_CMP_MIN || words[1] >= _SCMP_CMP_MAX) {
      return Failure{function, EINVAL};
    }
    arguments[index] = {static_cast<unsigned>(words[0]), static_cast<scmp_compare>(words[1]), words[2], words[3]};
  }
  auto* add = exact ? seccomp_rule_add_exact_array : seccomp_rule_add_array;
  may_not_terminate_ = joint_rules_.add({0, syscall}, comparisons) || may_not_terminate_;
  const auto failed =
      call(function, [&] { return add(handle_, action, syscall, static_cast<unsigned>(count), arguments.data()); });
  if (!failed) {
    size_.rules += 1;
    size_.comparisons += count;
  }
  return failed;
}

Status Context::syscall_priority(std::int32_t syscall, std::uint8_t priority) {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_syscall_priority");
  // Every priority is a separate entry if the call has no rule yet.
  if (size_.rules >= kMaxRules) return Failure{"seccomp_syscall_priority", E2BIG};
  const auto failed = status("seccomp_syscall_priority", seccomp_syscall_priority(handle_, syscall, priority));
  if (!failed) size_.rules += 1;
  return failed;
}

Status Context::transaction_start() {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_transaction_start");
#if LIBSECCOMP_AT_LEAST(2, 6)
  if (transactions_.size() >= kMaxTransactions) return Failure{"seccomp_transaction_start", E2BIG};
  const auto failed = call("seccomp_transaction_start", [this] { return seccomp_transaction_start(handle_); });
  if (!failed) transactions_.push_back(size_);
  return failed;
#else
  return Failure{"seccomp_transaction_start", EOPNOTSUPP};
#endif
}

Status Context::transaction_reject() {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_transaction_reject");
#if LIBSECCOMP_AT_LEAST(2, 6)
  if (transactions_.empty() || !has_arch()) return Failure{"seccomp_transaction_reject", EINVAL};
  const auto failed = call("seccomp_transaction_reject", [this] {
    seccomp_transaction_reject(handle_);
    return 0;
  });
  if (failed) return failed;
  size_ = transactions_.back();
  transactions_.pop_back();
  return kDone;
#else
  return Failure{"seccomp_transaction_reject", EOPNOTSUPP};
#endif
}

Status Context::transaction_commit() {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_transaction_commit");
#if LIBSECCOMP_AT_LEAST(2, 6)
  if (transactions_.empty()) return Failure{"seccomp_transaction_commit", EINVAL};
  const auto failed = call("seccomp_transaction_commit", [this] { return seccomp_transaction_commit(handle_); });
  if (!failed) transactions_.pop_back();
  return failed;
#else
  return Failure{"seccomp_transaction_commit", EOPNOTSUPP};
#endif
}

Status Context::precompute() {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_precompute");
#if LIBSECCOMP_AT_LEAST(2, 6)
  if (const auto refused = refuse_oversize("seccomp_precompute")) return refused;
  return call("seccomp_precompute", [this] { return seccomp_precompute(handle_); });
#else
  return Failure{"seccomp_precompute", EOPNOTSUPP};
#endif
}

Result<Bytes> Context::export_bpf() const {
  const LibraryLock lock;
#if LIBSECCOMP_AT_LEAST(2, 6)
  constexpr auto kFunction = "seccomp_export_bpf_mem";
  if (handle_ == nullptr) return released(kFunction);
  if (const auto refused = refuse_oversize(kFunction)) return *refused;
  std::size_t length = 0;
  const auto failed = call(kFunction, [&] { return seccomp_export_bpf_mem(handle_, nullptr, &length); });
  if (failed) return *failed;
  // It copies as many bytes as the buffer has, so the size must be exact.
  Bytes program(length);
  if (const auto again = status(kFunction, seccomp_export_bpf_mem(handle_, program.data(), &length))) return *again;
  return program;
#else
  constexpr auto kFunction = "seccomp_export_bpf";
  if (handle_ == nullptr) return released(kFunction);
  if (const auto refused = refuse_oversize(kFunction)) return *refused;
  auto file = MemoryFile::create();
  if (const auto* failure = file.failure()) return *failure;
  if (const auto failed = status(kFunction, seccomp_export_bpf(handle_, file.value().descriptor()))) return *failed;
  const auto program = file.value().contents();
  if (const auto* failure = program.failure()) return *failure;
  return Bytes(program.value().begin(), program.value().end());
#endif
}

Result<std::string> Context::export_pfc() const {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_export_pfc");
  return pseudo_code();
}

Status Context::load() {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_load");
  if (const auto refused = refuse_oversize("seccomp_load")) return refused;
#if LIBSECCOMP_AT_LEAST(2, 6)
  // This computes what libseccomp loads, so that the load itself terminates.
  if (const auto failed = call("seccomp_load", [this] { return seccomp_precompute(handle_); })) return failed;
#endif
  return status("seccomp_load", seccomp_load(handle_));
}

Result<std::int32_t> Context::notify_fd() const {
  const LibraryLock lock;
  if (handle_ == nullptr) return released("seccomp_notify_fd");
  const int answer = seccomp_notify_fd(handle_);
  if (answer < 0) return Failure{"seccomp_notify_fd", -answer};
  return answer;
}

Status Context::call(const char* function, const std::function<int()>& work) const {
  if (may_not_terminate_) {
    if (const auto failed = on_trial(function, work)) return failed;
  }
  return status(function, work());
}

Status Context::on_trial(const char* function, const std::function<int()>& work) const {
  // One call cannot use the whole budget: time remains for later operations on the rules before it.
  const auto granted = std::min<std::chrono::microseconds>(budget_, kCallBudget);
  auto left = granted;
  const auto failed = try_in_child(function, left, [&] { work(); });
  budget_ -= granted - left;
  return failed;
}

Result<std::string> Context::pseudo_code() const {
  constexpr auto kFunction = "seccomp_export_pfc";
  if (!has_arch()) return Failure{kFunction, EINVAL};
  auto file = MemoryFile::create();
  if (const auto* failure = file.failure()) return *failure;
  const auto write = [&] { return seccomp_export_pfc(handle_, file.value().descriptor()); };
  // If branches of the rules join again, the text repeats the shared part, and its size may double with each rule. A
  // child writes it into the same file, because the size of a child's files is limited.
  const auto failed = may_not_terminate_ ? on_trial(kFunction, write) : status(kFunction, write());
  if (failed) return *failed;
  return file.value().contents();
}

bool Context::has_arch() const {
  std::uint32_t value = 0;
  return seccomp_attr_get(handle_, SCMP_FLTATR_ACT_DEFAULT, &value) == 0;
}

Status Context::refuse_oversize(const char* function) const {
  if (!has_arch()) return Failure{function, EINVAL};
  const auto code = pseudo_code();
  if (const auto* failure = code.failure()) return *failure;
  if (count_decisions(code.value()) > kMaxDecisions) return Failure{function, E2BIG};
  return kDone;
}

}  // namespace seccomp_node
