// Probes which system calls the running kernel serves, by making them in a process that can do no harm.
#pragma once

#include <cstdint>
#include <vector>

#include "result.h"

namespace seccomp_node {

/**
 * The numbers from `first` on, `count` of them, whose calls are not answered ENOSYS. Each is made once with every
 * argument -1, by a child process of its own without privileges, terminal or memory in common, which the kernel ends
 * after a second. A filter that answers ENOSYS or kills hides what lies behind it.
 */
Result<std::vector<std::int32_t>> served_calls(std::uint32_t first, std::uint32_t count);

}  // namespace seccomp_node
