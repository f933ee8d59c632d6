// What the launcher is told and what it tells: the layout that it shares with the add-on.
#pragma once

#include <cstdint>

namespace seccomp_node {

/** Stands behind the launcher's code in its image; the instructions of the program follow. */
struct Orders {
  /** SECCOMP_FILTER_FLAG_*. */
  std::uint32_t flags;
  std::uint32_t no_new_privs;
  /**
   * The first of the descriptors that are the launcher's own: the image, the report and, where somebody waits, the end
   * of a pipe; with a listener that of a socket, which takes it.
   */
  std::uint32_t first_descriptor;
  std::uint32_t descriptors;
  std::uint32_t instructions;
  /** The process that traces the command, 0 for none: the last descriptor is the socket to it. */
  std::uint32_t tracer;
};

/**
 * What the launcher does, in this order; starting a helper and handing over only for a listener. Waiting for a tracer
 * comes before the helper.
 */
enum class Step : std::uint32_t { kStart, kNoNewPrivs, kHelper, kFilter, kHandOver, kExecute, kTrace };

/**
 * Memory that the launcher shares with its parent, and that its successful execve gives up. Writing to it is no system
 * call, so that no filter can keep a failure from being told.
 */
struct Report {
  /** The last step that was begun. */
  Step step;
  /** errno of that step, 0 as long as it has not failed. */
  std::uint32_t error;
};

}  // namespace seccomp_node
