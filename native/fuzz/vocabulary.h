// What rules are made of: the values at which libseccomp does something, and the sets of rules that it is never given.
#pragma once

#include <seccomp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "../core/context.h"
#include "input.h"

namespace seccomp_node {

inline constexpr std::array<std::uint32_t, 10> kActions{
    SCMP_ACT_ALLOW, SCMP_ACT_LOG,         SCMP_ACT_TRACE(7), SCMP_ACT_NOTIFY,       SCMP_ACT_ERRNO(1),
    SCMP_ACT_TRAP,  SCMP_ACT_KILL_THREAD, SCMP_ACT_ERRNO(0), SCMP_ACT_KILL_PROCESS, 0x10000000};

inline constexpr std::array<std::uint32_t, 12> kArchs{
    SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64, SCMP_ARCH_X86,     SCMP_ARCH_X32,     SCMP_ARCH_ARM,  SCMP_ARCH_NATIVE,
    SCMP_ARCH_S390X,  SCMP_ARCH_MIPS64,  SCMP_ARCH_PPC64LE, SCMP_ARCH_RISCV64, SCMP_ARCH_S390, SCMP_ARCH_PARISC};

inline constexpr std::array<std::uint64_t, 10> kValues{
    0, 1, 2, 3, 7, 0xffffffff, 0x100000000, 0x200000000, 0x8000000000000000, 0xffffffffffffffff};

/** Few, so that rules meet: plain ones, multiplexed ones of 32-bit x86 and their multiplexers. */
inline const std::array<std::int32_t, 9> kCalls{0,
                                                SCMP_SYS(socket),
                                                SCMP_SYS(bind),
                                                SCMP_SYS(shmget),
                                                __PNR_socketcall,
                                                __PNR_ipc,
                                                SCMP_SYS(getpid),
                                                SCMP_SYS(clone),
                                                -1};

/** One comparison as Context::rule_add takes it. */
inline void push_comparison(Input& input, std::vector<std::uint64_t>& words) {
  words.push_back(input.below(7));
  words.push_back(input.below(9));
  words.push_back(input.often(kValues));
  words.push_back(input.often(kValues));
}

/**
 * Keeps out what the callers of the core keep out, lib/filter/libseccomp-limits.ts: several rules on one call that each
 * compare several arguments, unless all compare for equality. libseccomp may never end on them.
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
