// The tracepoint at which the kernel records every system call.
#pragma once

#include <cstdint>

namespace seccomp_node {

/** Finds the number of raw_syscalls:sys_enter: 0, or an errno. */
long find_tracepoint(std::uint64_t& id);

}  // namespace seccomp_node
