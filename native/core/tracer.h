// Prepares the start of the tracer of a command: its program as a file in memory, and its channels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "result.h"

namespace seccomp_node {

/** Descriptors that the caller owns, all close-on-exec. */
struct TracerFiles {
  /** An executable file that cannot change. */
  std::int32_t image;
  /** The memory that native/tracer/table.h and recording_table.h describe, all zeros. */
  std::int32_t table;
  /** A pipe that does not block: `wake` goes to the tracer, `woken` has a byte when there is something new. */
  std::int32_t woken;
  std::int32_t wake;
  /** Two sockets: one for the tracer, one for the launcher, which asks to be traced through it. */
  std::int32_t for_tracer;
  std::int32_t for_launcher;
  /** A pipe: `stopped` goes to the tracer, which ends when `stop` is closed if its processes can continue. */
  std::int32_t stopped;
  std::int32_t stop;
};

/** Maps the memory of a tracer. */
Result<std::span<std::byte>> map_table(std::int32_t table);

/**
 * Makes a tracer attach to this process and all of its threads, through the other end of its socket. Returns the
 * errno of the tracer, 0 for none.
 */
Result<std::int32_t> be_traced(std::int32_t socket, std::int32_t tracer);

/** The tracer must get image, table, `wake`, `for_tracer` and `stopped` as the descriptors from 3 on. */
Result<TracerFiles> prepare_tracer();

}  // namespace seccomp_node
