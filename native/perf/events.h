// The perf events by which the kernel records calls.
#pragma once

#include <linux/perf_event.h>
#include <linux/poll.h>

#include <cstdint>

#include "rings.h"

namespace seccomp_node {

class Events {
 public:
  explicit Events(Rings& rings);

  /** Whether there was memory for it. */
  [[nodiscard]] bool valid() const { return descriptors_ != nullptr; }

  /**
   * Prepares events for a tracepoint. With `inherit`, new threads and processes have them too; with `on_exec`, they
   * begin at the next execve.
   */
  void prepare(std::uint64_t tracepoint, bool inherit, bool on_exec);
  [[nodiscard]] bool inherits() const { return attributes_.inherit != 0; }

  /** Records only events, and not the programs and children of processes. */
  void without_side_band();

  /** Opens an event on every processor, for a thread, a cgroup or (-1) everything. Returns 0 or an errno. */
  long open(int target, unsigned long flags);

  /** Makes the kernel record the programs of all processes. Returns 0 or an errno. */
  long open_side_band();

  /** Waits for records, for a tenth of a second at most. False once the recorder is to stop. */
  bool wait();

  /** Events whose threads have not ended. */
  [[nodiscard]] std::uint32_t alive() const { return alive_; }

  /** The number of records that the kernel has lost, for all events; 0 before Linux 6.0. */
  [[nodiscard]] std::uint64_t count_lost() const;

 private:
  long open_one(int target, int processor, unsigned long flags);

  Rings& rings_;
  /** The first one stops the recorder. Negative descriptors are events whose threads have ended. */
  pollfd* descriptors_;
  std::uint32_t count_ = 0;
  std::uint32_t alive_ = 0;
  perf_event_attr attributes_{};
};

}  // namespace seccomp_node
