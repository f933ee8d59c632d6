// The orders of the launcher and its reports: the layout that it shares with the add-on.
#pragma once

#include <cstdint>

#include "ring_filter.h"

namespace seccomp_node {

/** Follows the launcher's code in its image. After it come the instructions of the layer, then those of the filter. */
struct Orders {
  /** SECCOMP_FILTER_FLAG_* for the second program. */
  std::uint32_t flags;
  std::uint32_t no_new_privs;
  /**
   * The first of the launcher's own descriptors: the image, the report and, if the parent waits, the end of a pipe;
   * with a listener, a socket to send it over.
   */
  std::uint32_t first_descriptor;
  std::uint32_t descriptors;
  /** Whether the command inherits no descriptor from `first_descriptor` on. */
  std::uint32_t only_stdio;
  /** Whether the command loses its controlling terminal, unless it inherits a descriptor of the terminal. */
  std::uint32_t leave_terminal;
  /** `Domain`. */
  std::uint32_t domain;
  /** Instructions of the isolation layer; 0 for none. */
  std::uint32_t layer_instructions;
  /** Instructions of the command's filter; 0 if the command loads it itself. */
  std::uint32_t instructions;
  /**
   * The process whose end signals the command (PR_SET_PDEATHSIG); 0 for no signal. SIGHUP for a command that could only
   * lose its terminal by a new session, where the terminal does not send it SIGHUP or SIGINT.
   */
  std::uint32_t parent;
  /** Whether the signal is SIGKILL, and is sent even if the command keeps its terminal. */
  std::uint32_t end_with_parent;
  /** The process that traces the command, 0 for none; the last descriptor is the socket to it. */
  std::uint32_t tracer;
  /** The number of `ring_verdicts`; 0 for no filter of io_uring operations. */
  std::uint32_t ring_operations;
  /** `RingVerdict` by opcode. */
  std::uint8_t ring_verdicts[kRingOperations];  // NOLINT(modernize-avoid-c-arrays): see launcher.cc.
};

/**
 * The steps of the launcher. Some depend on the orders; kHelper and kHandOver are only for a listener. They run in this
 * order, except that kSession runs before kNoNewPrivs, and kTrace before kLayer.
 */
enum class Step : std::uint32_t {
  kStart,
  kDescriptors,
  kNoNewPrivs,
  kLayer,
  kDomain,
  kRings,
  kHelper,
  kFilter,
  kHandOver,
  kExecute,
  kTrace,
  kSession
};

/**
 * Memory that the launcher shares with its parent until execve succeeds. Writing to it is not a system call, so no
 * filter can suppress the report of a failure.
 */
struct Report {
  /** The last step that was begun. */
  Step step;
  /** The errno of that step, 0 unless it failed. */
  std::uint32_t error;
};

}  // namespace seccomp_node
