#include "compile_table.h"

#include <seccomp.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>
#include <vector>

#include "library.h"

namespace seccomp_node {

namespace {

constexpr std::size_t kMaxArchs = 16;
/** The newest of libseccomp's API levels: 7 in version 2.6, 6 in 2.5. */
constexpr unsigned kNewestApiLevel = SCMP_VER_MAJOR > 2 || SCMP_VER_MINOR >= 6 ? 7 : 6;
constexpr auto kRuleAdd = "seccomp_rule_add_array";

/** Lets libseccomp compile for features that the running kernel lacks: the program may be for another machine. */
class NewestApiLevel {
 public:
  NewestApiLevel() : previous_(seccomp_api_get()) { seccomp_api_set(kNewestApiLevel); }
  NewestApiLevel(const NewestApiLevel&) = delete;
  NewestApiLevel(NewestApiLevel&&) = delete;
  NewestApiLevel& operator=(const NewestApiLevel&) = delete;
  NewestApiLevel& operator=(NewestApiLevel&&) = delete;
  ~NewestApiLevel() { seccomp_api_set(previous_); }

 private:
  unsigned previous_;
};

/** A private copy of a rule table. */
struct OwnTable {
  std::vector<std::uint32_t> archs;
  std::vector<std::uint32_t> rules;
  std::vector<std::uint64_t> comparisons;
};

template <typename Number>
std::vector<Number> copy(std::span<const Number> numbers) {
  return {numbers.begin(), numbers.end()};
}

Result<OwnTable> own(const RuleTable& table) {
  if (table.archs.empty() || table.rules.size() % RuleTable::kRuleWords != 0 ||
      table.comparisons.size() % Context::kComparisonWords != 0) {
    return Failure{kRuleAdd, EINVAL};
  }
  if (table.archs.size() > kMaxArchs || table.rules.size() / RuleTable::kRuleWords > Context::kMaxRules ||
      table.comparisons.size() / Context::kComparisonWords > Context::kMaxComparisons) {
    return Failure{kRuleAdd, E2BIG};
  }
  return OwnTable{copy(table.archs), copy(table.rules), copy(table.comparisons)};
}

/**
 * The number with which libseccomp adds a rule on that architecture: the native number of the call of the same name.
 * A call that the native architecture does not have gets a pseudo number there, which stands for its name.
 */
Result<std::int32_t> native_number(std::uint32_t arch, std::uint32_t number) {
  if (number > static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max())) return Failure{kRuleAdd, EINVAL};
  const auto signed_number = static_cast<std::int32_t>(number);
  if (arch == arch_native()) return signed_number;
  const auto name = syscall_resolve_num_arch(arch, signed_number);
  if (!name) return Failure{"seccomp_syscall_resolve_num_arch", EFAULT};
  return syscall_resolve_name(*name);
}

/** A context of one architecture: libseccomp adds each rule to all that a context has. */
Result<Context> context_for(std::uint32_t default_action, std::uint32_t arch) {
  auto context = Context::init(default_action);
  if (context.failure() != nullptr || arch == arch_native()) return context;
  // The native one goes first: architectures of different byte order do not share a context.
  if (const auto failed = context.value().arch_remove(SCMP_ARCH_NATIVE)) return *failed;
  if (const auto failed = context.value().arch_add(arch)) return *failed;
  return context;
}

Status add_rules(Context& context, const OwnTable& table, std::uint32_t arch_index, std::uint32_t default_action) {
  std::size_t offset = 0;
  const std::span rules(table.rules);
  const std::span comparisons(table.comparisons);
  for (std::size_t index = 0; index < rules.size(); index += RuleTable::kRuleWords) {
    const auto rule = rules.subspan(index, RuleTable::kRuleWords);
    const auto words = static_cast<std::size_t>(rule[3]) * Context::kComparisonWords;
    if (words > comparisons.size() - offset || rule[0] >= table.archs.size()) return Failure{kRuleAdd, EINVAL};
    const auto own_comparisons = comparisons.subspan(offset, words);
    offset += words;
    if (rule[0] != arch_index || rule[2] == default_action) continue;
    const auto number = native_number(table.archs[arch_index], rule[1]);
    if (const auto* failure = number.failure()) return *failure;
    if (const auto failed = context.rule_add(false, rule[2], number.value(), own_comparisons)) return failed;
  }
  return kDone;
}

Status set_attributes(Context& context, const RuleTable& table) {
  if (const auto failed = context.attr_set(SCMP_FLTATR_ACT_BADARCH, table.bad_arch)) return failed;
  return context.attr_set(SCMP_FLTATR_CTL_OPTIMIZE, table.optimize);
}

/** Builds the filter of each architecture and merges them all into the first. */
Result<Context> build(const RuleTable& table, const OwnTable& own_table) {
  std::optional<Context> whole;
  for (std::uint32_t index = 0; index < own_table.archs.size(); ++index) {
    auto part = context_for(table.default_action, own_table.archs[index]);
    if (const auto* failure = part.failure()) return *failure;
    if (const auto failed = add_rules(part.value(), own_table, index, table.default_action)) return *failed;
    if (!whole) {
      whole.emplace(std::move(part.value()));
    } else if (const auto failed = whole->merge(part.value())) {
      return *failed;
    }
  }
  if (const auto failed = set_attributes(*whole, table)) return *failed;
  return std::move(*whole);
}

}  // namespace

Result<CompiledTable> compile_table(const RuleTable& table) {
  const auto own_table = own(table);
  if (const auto* failure = own_table.failure()) return *failure;
  const LibraryLock lock;
  const NewestApiLevel level;
  const auto context = build(table, own_table.value());
  if (const auto* failure = context.failure()) return *failure;
  const auto bpf = context.value().export_bpf();
  if (const auto* failure = bpf.failure()) return *failure;
  const auto pfc = context.value().export_pfc();
  if (const auto* failure = pfc.failure()) return *failure;
  return CompiledTable{bpf.value(), pfc.value()};
}

}  // namespace seccomp_node
