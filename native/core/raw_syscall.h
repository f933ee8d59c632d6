// A system call that a SIGSYS handler can distinguish from all others, by its address.
#pragma once

#include <cstdint>

extern "C" {
/** Use raw_syscall below instead. */
__attribute__((visibility("hidden"))) long seccomp_node_raw_syscall(long number, long a, long b, long c, long d, long e,
                                                                    long f);
/** The instruction after the one that enters the kernel: what siginfo_t::si_call_addr holds when a filter traps it. */
extern __attribute__((visibility("hidden"))) const char seccomp_node_raw_syscall_return[];
}

namespace seccomp_node {

/** Async-signal-safe, and does not change errno: returns a negative errno on failure. */
inline long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  return seccomp_node_raw_syscall(number, a, b, c, d, e, f);
}

/** Whether a call that was trapped at this address was made by raw_syscall. */
inline bool is_raw_syscall(const void* call_address) { return call_address == seccomp_node_raw_syscall_return; }

}  // namespace seccomp_node
