// Detects sets of rules on which libseccomp's builder may not terminate.
#pragma once

#include <seccomp.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>

namespace seccomp_node {

/**
 * The rules of a filter that compare several arguments. libseccomp's builder terminates if each call has at most one
 * such rule, or if all such rules of a call compare for equality. For other sets it may loop forever, over a list that
 * it has linked into a ring.
 */
class JointRules {
 public:
  /** Numbers that describe a comparison: argument, operator, datum_a, datum_b. */
  static constexpr std::size_t kComparisonWords = 4;
  /** An architecture and the number of a call. */
  using Call = std::pair<std::uint32_t, std::int32_t>;

  /** Adds one rule. Returns whether the builder may not terminate on the rules of this call. */
  bool add(const Call& call, std::span<const std::uint64_t> comparisons) {
    if (comparisons.size() <= kComparisonWords) return false;
    auto& rules = rules_[call];
    ++rules.count;
    for (std::size_t at = 1; at < comparisons.size(); at += kComparisonWords) {
      rules.only_equality &= comparisons[at] == SCMP_CMP_EQ || comparisons[at] == SCMP_CMP_MASKED_EQ;
    }
    return may_not_terminate(rules);
  }

  /** Adds the rules of another filter. Returns whether there is now a call on which the builder may not terminate. */
  bool merge(const JointRules& other) {
    bool endless = false;
    for (const auto& [call, added] : other.rules_) {
      auto& rules = rules_[call];
      rules.count += added.count;
      rules.only_equality &= added.only_equality;
      endless |= may_not_terminate(rules);
    }
    return endless;
  }

 private:
  struct Rules {
    std::size_t count = 0;
    bool only_equality = true;
  };

  static bool may_not_terminate(const Rules& rules) { return rules.count > 1 && !rules.only_equality; }

  std::map<Call, Rules> rules_;
};

}  // namespace seccomp_node
