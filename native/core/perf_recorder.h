// Prepares the start of the perf recorder: its program as a file in memory, and its channels.
#pragma once

#include <cstdint>

#include "result.h"

namespace seccomp_node {

/** Descriptors that the caller owns, all close-on-exec. */
struct PerfRecorderFiles {
  /** An executable file that cannot change. */
  std::int32_t image;
  /** The memory that native/perf/table.h describes, all zeros. */
  std::int32_t table;
  /** A pipe that does not block: `wake` goes to the recorder, `woken` has a byte when there is something new. */
  std::int32_t woken;
  std::int32_t wake;
  /** Two sockets: one for the recorder, one for the process that starts the recording. */
  std::int32_t for_recorder;
  std::int32_t for_starter;
  /** A pipe: `stopped` goes to the recorder, which stops when `stop` is closed. */
  std::int32_t stopped;
  std::int32_t stop;
};

/** The recorder must get image, table, `wake`, `for_recorder` and `stopped` as the descriptors from 3 on. */
Result<PerfRecorderFiles> prepare_perf_recorder();

}  // namespace seccomp_node
