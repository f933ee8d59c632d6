// Registers a filter for the io_uring operations of a task and its descendants, which seccomp does not see. Source:
// linux/io_uring/bpf_filter.h of Linux 7.0.
#pragma once

#include <linux/errno.h>
#include <linux/filter.h>

#include <cstddef>
#include <cstdint>

namespace seccomp_node {

/** The verdict on an operation. Mirrored by `RING_VERDICT` in lib/process/isolation/ring-filter.ts. */
enum class RingVerdict : std::uint8_t {
  /** Unchanged. */
  kUnchanged,
  /** Allowed; operations that the list does not name are then refused. */
  kAllow,
  /** Refused, with EACCES. */
  kRefuse,
};

// Most systems have older headers.
inline constexpr long kIoUringRegister = 427;
inline constexpr long kRegisterBpfFilter = 37;
inline constexpr std::uint32_t kDenyRest = 1;
inline constexpr std::uint32_t kNop = 0;
/** The maximum number of operations; Linux 7.2 has 65. */
inline constexpr std::size_t kRingOperations = 128;

/** struct io_uring_bpf. */
struct RingFilter {
  std::uint16_t command;
  std::uint16_t command_flags;
  std::uint32_t reserved;
  std::uint32_t opcode;
  std::uint32_t flags;
  std::uint32_t length;
  /** Data of the operation that the program reads. */
  std::uint8_t data_size;
  std::uint8_t reserved2[3];  // NOLINT(modernize-avoid-c-arrays): the launcher has no standard library.
  std::uint64_t program;
  std::uint64_t reserved3[5];  // NOLINT(modernize-avoid-c-arrays)
};
static_assert(sizeof(RingFilter) == 72);

/** Adds a filter for one operation. Returns a positive errno, 0 on success. */
template <auto Call>
long filter_operation(std::uint32_t opcode, bool allow, std::uint32_t flags) {
  const sock_filter verdict{BPF_RET | BPF_K, 0, 0, allow ? 1U : 0U};
  RingFilter filter{};
  filter.command = 1;
  filter.opcode = opcode;
  filter.flags = flags;
  filter.length = 1;
  filter.program = reinterpret_cast<std::uint64_t>(&verdict);
  return -Call(kIoUringRegister, -1, kRegisterBpfFilter, reinterpret_cast<long>(&filter), 1);
}

/** Filters operations by their verdicts; needs no_new_privs or CAP_SYS_ADMIN. Returns a positive errno, 0 on success.
 */
template <auto Call>
long filter_operations(const std::uint8_t* verdicts, std::size_t count) {
  if (count == 0) return 0;
  // Every kernel with these filters has NOP. From here on, EINVAL means that the kernel lacks the operation.
  if (const long error = filter_operation<Call>(kNop, true, 0); error != 0) return error;
  bool refuse_rest = false;
  for (std::size_t opcode = 0; opcode < count; ++opcode) {
    const auto verdict = static_cast<RingVerdict>(verdicts[opcode]);
    if (verdict == RingVerdict::kUnchanged) continue;
    const bool allow = verdict == RingVerdict::kAllow;
    refuse_rest = refuse_rest || allow;
    const long error = filter_operation<Call>(static_cast<std::uint32_t>(opcode), allow, 0);
    if (error != 0 && error != EINVAL) return error;
  }
  // Last, because the flag permanently refuses operations without a filter.
  return refuse_rest ? filter_operation<Call>(kNop, true, kDenyRest) : 0;
}

}  // namespace seccomp_node
