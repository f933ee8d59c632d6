// Calls that a tracer interrupts and nobody else would have.
#pragma once

namespace seccomp_node {

/**
 * Whether a signal has ended a call which it would not have ended without a tracer: the call is made again then, and
 * the signal is to be dropped.
 */
bool is_harmless_interruption(int thread, int signal);

/** A first stop ends a call such as epoll_wait with EINTR: it is made again, unless a signal is there as well. */
void wait_again(int thread);

}  // namespace seccomp_node
