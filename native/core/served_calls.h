// Probes which system calls the running kernel serves, by making them in a process that can do no harm.
#pragma once

#include <cstdint>
#include <vector>

#include "result.h"

namespace seccomp_node {

/**
 * The numbers from `first` on, `count` of them, whose calls do not fail with ENOSYS. Each call is made once with every
 * argument -1, in a child process without privileges, terminal or shared memory. The kernel ends the child after a
 * second. A filter that returns ENOSYS or kills hides which calls the kernel serves.
 */
Result<std::vector<std::int32_t>> served_calls(std::uint32_t first, std::uint32_t count);

}  // namespace seccomp_node
