// Prepares the start of a sandboxed child: the launcher with its orders, as a file in memory, and its report.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "result.h"

namespace seccomp_node {

/** Descriptors of the caller's, all close-on-exec. */
struct Launch {
  /** The launcher with its programs: an executable file that cannot change. */
  std::int32_t image;
  /** A file with the two numbers of `Report`. */
  std::int32_t report;
  /**
   * A pipe: `held` goes to the launcher, `awaited` is at its end when the command runs or never will. -1 without. For a
   * listener a pair of sockets: before its end, `awaited` has one message with the descriptor.
   */
  std::int32_t awaited = -1;
  std::int32_t held = -1;
};

/**
 * The image, the report and, with `await`, a pipe. The child must get image, report and `held` at `first_descriptor`
 * and the numbers behind it, and be given the file of the command as argv[0], the command's own argv[0] as argv[1].
 *
 * The launcher loads `layer`, enters `domain` (`Domain` of isolation.h), then loads `program` with `flags`; either
 * program may be empty. With `only_stdio` the command inherits no descriptor from `first_descriptor` on, nor the
 * terminal of the session unless it is one of the others: it gets a session of its own, and SIGHUP when this process
 * ends, if its main thread starts it. With `end_with_parent` it is killed when the thread that starts it ends.
 * `ring_verdicts` has a `RingVerdict` for each io_uring operation by its opcode, or is empty.
 * SECCOMP_FILTER_FLAG_NEW_LISTENER needs `await` and a program.
 *
 * With the number of a `tracer` process, the child gets one descriptor more, the last one: the socket to it.
 */
Result<Launch> prepare_launch(std::span<const std::byte> layer, std::span<const std::byte> program, std::uint32_t flags,
                              bool no_new_privs, std::uint32_t domain, bool only_stdio, std::uint32_t first_descriptor,
                              bool await, bool end_with_parent, std::span<const std::byte> ring_verdicts,
                              std::uint32_t tracer);

}  // namespace seccomp_node
