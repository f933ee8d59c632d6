// Prepares the start of a sandboxed child: the launcher with its orders, as a file in memory, and its report.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "result.h"

namespace seccomp_node {

/** Descriptors that the caller owns, all close-on-exec. */
struct Launch {
  /** The launcher with its programs: an executable file that cannot change. */
  std::int32_t image;
  /** A file with the two numbers of `Report`. */
  std::int32_t report;
  /**
   * A pipe, or -1: `held` goes to the launcher, and `awaited` reaches its end when the command runs or has failed to
   * start. For a listener it is a pair of sockets: before the end, `awaited` has one message with the descriptor.
   */
  std::int32_t awaited = -1;
  std::int32_t held = -1;
};

/**
 * Creates the image, the report and, with `await`, a pipe. The child must inherit the image, the report and `held` from
 * `first_descriptor` on, in this order. Its argv[0] must be the file of the command, and argv[1] the command's argv[0].
 *
 * The launcher loads `layer`, enters `domain` (`Domain` of isolation.h), then loads `program` with `flags`; either
 * program may be empty. With `only_stdio` the command inherits no descriptor from `first_descriptor` on. It loses the
 * terminal of the session too, unless one of its other descriptors is that terminal. If that needs a new session, it
 * gets SIGHUP when this process ends, if the main thread starts it. With `end_with_parent` it is killed when the thread
 * that starts it ends. `ring_verdicts` has a `RingVerdict` for each io_uring operation by its opcode, or is empty.
 * SECCOMP_FILTER_FLAG_NEW_LISTENER needs `await` and a program.
 *
 * If `tracer` is a process ID, the child must inherit one more descriptor after these: the socket to the tracer.
 */
Result<Launch> prepare_launch(std::span<const std::byte> layer, std::span<const std::byte> program, std::uint32_t flags,
                              bool no_new_privs, std::uint32_t domain, bool only_stdio, std::uint32_t first_descriptor,
                              bool await, bool end_with_parent, std::span<const std::byte> ring_verdicts,
                              std::uint32_t tracer);

}  // namespace seccomp_node
