// A system call at which a thread is stopped.
#pragma once

#include <cstdint>

namespace seccomp_node {

struct Call {
  /** AUDIT_ARCH_*. */
  std::uint32_t arch;
  std::uint32_t number;
  /** The data of SECCOMP_RET_TRACE; 0 if the thread did not stop because of a filter. */
  std::uint32_t data;
  std::uint64_t instruction_pointer;
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  std::uint64_t args[6];
};

/** Reads the call that a thread enters. Returns false if it enters none, or has been killed meanwhile. */
bool read_call(int thread, Call& call);

/** Removes CLONE_UNTRACED from clone(2): calls of the new process would fail without a tracer. */
void keep_traced(int thread, const Call& call);

/** Removes CLONE_UNTRACED from clone3(2), whose flags are in memory. */
void keep_traced_by_clone3(int thread, const Call& call);

}  // namespace seccomp_node
