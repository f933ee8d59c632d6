// Threads for calls that wait for as long as another process likes.
#pragma once

#include <functional>

#include "result.h"

namespace seccomp_node {

/**
 * Runs a task on a thread that nobody waits for: it does not keep this process from ending, and no signal handler of
 * Node's runs in it. The task is destroyed on that thread; where the thread cannot be started, on this one.
 */
Status run_in_background(std::function<void()> task);

}  // namespace seccomp_node
