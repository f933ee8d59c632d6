// Calls that only the tracer interrupts.
#pragma once

namespace seccomp_node {

/**
 * Whether a signal has ended a call that it would not have ended without a tracer. The call is then restarted, and
 * the signal must be dropped.
 */
bool is_harmless_interruption(int thread, int signal);

/** Restarts a call such as epoll_wait, which the first stop ends with EINTR, unless a signal is pending as well. */
void wait_again(int thread);

}  // namespace seccomp_node
