// A short-lived process that shares this one's memory: what it holds of the kernel ends with it, whatever happens.
#pragma once

#include <cstdint>

#include "result.h"

namespace seccomp_node {

/**
 * Runs a task in a process of its own while the calling thread waits, for `limit` milliseconds at most: then it is
 * killed, wherever it is, and the failure is ETIMEDOUT. The task must neither allocate memory nor take a lock, since it
 * may end in the middle of anything.
 */
Status run_in_helper(void (*task)(void* argument), void* argument, std::uint32_t limit);

}  // namespace seccomp_node
