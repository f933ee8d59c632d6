// The sets of rules that libseccomp is never given.
#pragma once

#include <seccomp.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>

#include "../core/context.h"

namespace seccomp_node {

/**
 * Keeps out what the callers of the core keep out, lib/filter/libseccomp-limits.ts: several rules on one call that each
 * compare several arguments, unless all compare for equality. libseccomp may never end on them.
 * test/filter/libseccomp-limits.test.ts compares the two.
 */
class MayNotEnd {
 public:
  /** Whether the rule is one too many; it counts where it is not. */
  bool refuses(std::pair<std::uint32_t, std::int32_t> call, std::span<const std::uint64_t> comparisons) {
    if (comparisons.size() <= Context::kComparisonWords) return false;
    auto& seen = joint_[call];
    auto next = seen;
    ++next.count;
    for (std::size_t at = 1; at < comparisons.size(); at += Context::kComparisonWords) {
      next.only_equality &= comparisons[at] == SCMP_CMP_EQ || comparisons[at] == SCMP_CMP_MASKED_EQ;
    }
    if (next.count > 1 && !next.only_equality) return true;
    seen = next;
    return false;
  }

  void clear() { joint_.clear(); }

  /** Takes over what another context was given. */
  void merge(const MayNotEnd& other) {
    for (const auto& [call, rules] : other.joint_) {
      joint_[call].count += rules.count;
      joint_[call].only_equality &= rules.only_equality;
    }
  }

 private:
  struct Joint {
    std::size_t count = 0;
    bool only_equality = true;
  };

  std::map<std::pair<std::uint32_t, std::int32_t>, Joint> joint_;
};

}  // namespace seccomp_node
