// The values in rules that matter to libseccomp.
#pragma once

#include <seccomp.h>

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "../core/joint_rules.h"
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

/** Few calls, so that rules interact: plain calls, multiplexed calls of 32-bit x86, and their multiplexers. */
inline const std::array<std::int32_t, 9> kCalls{0,
                                                SCMP_SYS(socket),
                                                SCMP_SYS(bind),
                                                SCMP_SYS(shmget),
                                                __PNR_socketcall,
                                                __PNR_ipc,
                                                SCMP_SYS(getpid),
                                                SCMP_SYS(clone),
                                                -1};

/** Appends a comparison in the format of Context::rule_add. */
inline void push_comparison(Input& input, std::vector<std::uint64_t>& words) {
  words.push_back(input.below(7));
  words.push_back(input.below(9));
  words.push_back(input.often(kValues));
  words.push_back(input.often(kValues));
}

/** Adds a rule unless libseccomp may not terminate on it: the core would then use a child, which is slow. */
inline bool add_if_terminating(JointRules& rules, const JointRules::Call& call, std::span<const std::uint64_t> words) {
  auto next = rules;
  if (next.add(call, words)) return false;
  rules = std::move(next);
  return true;
}

}  // namespace seccomp_node
