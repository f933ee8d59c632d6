// The controlling terminal of this process.
#pragma once

namespace seccomp_node {

/** Whether this process has a controlling terminal, which it and its children can open as /dev/tty. */
bool has_terminal();

}  // namespace seccomp_node
