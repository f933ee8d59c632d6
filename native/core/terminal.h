// The terminal of the session of this process.
#pragma once

namespace seccomp_node {

/** Whether there is one, which this process and its children can open as /dev/tty. */
bool has_terminal();

}  // namespace seccomp_node
