// A system call, as the kernel records it at the tracepoint raw_syscalls:sys_enter.
#pragma once

#include <cstddef>
#include <cstdint>

#include "table.h"

namespace seccomp_node {

struct Call {
  std::uint32_t process;
  /** AUDIT_ARCH_*. */
  std::uint32_t arch;
  std::uint32_t number;
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  std::uint64_t args[kPerfArguments];
};

/** The registers that `read_call` needs, for perf_event_attr::sample_regs_user. */
#if defined(__x86_64__)
/** BX, CX, SI and DI. */
inline constexpr std::uint64_t kSampledRegisters = 1U << 1 | 1U << 2 | 1U << 4 | 1U << 5;
inline constexpr std::size_t kSampledRegisterCount = 4;
#elif defined(__aarch64__)
/** X0: a mask must not be empty. */
inline constexpr std::uint64_t kSampledRegisters = 1;
inline constexpr std::size_t kSampledRegisterCount = 1;
#else
#error "the recorder does not support this architecture"
#endif

/** Reads a number at an address that need not be aligned. */
template <typename Type>
Type read_at(const unsigned char* from) {
  Type value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

/** The call of a PERF_RECORD_SAMPLE, from the data after its header. */
Call read_call(const unsigned char* body);

/** The widths of a call's arguments by index, 0 for those that are not recorded; null for a number that no kernel
 * serves. */
const std::uint8_t* argument_widths(const PerfOrders& orders, const Call& call);

}  // namespace seccomp_node
