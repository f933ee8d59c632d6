// Records calls by perf events: opens them for the targets, and adds the kernel's records to a summary.
#pragma once

#include <linux/perf_event.h>

#include <cstdint>

#include "../freestanding/system_call.h"
#include "events.h"
#include "processes.h"
#include "rings.h"
#include "summary.h"
#include "table.h"
#include "threads.h"

namespace seccomp_node {

class Recorder {
 public:
  explicit Recorder(PerfTable& table) : table_(table), summary_(table), processes_(summary_), events_(rings_) {}

  /** Makes the kernel record every call of the targets: 0, or the errno of the failure. */
  long begin(std::uint32_t process);

  /** Reports the step that failed, with its errno. */
  void fail(long error);

  /** Reads until all targets have ended, or the recorder is stopped. */
  void run();

 private:
  long open(std::uint32_t process);

  /** Opens events of a thread or a cgroup; with the first of them, the rings are mapped. */
  long open_events(int target, unsigned long flags);

  /** Opens events for processes, their descendants, and those that they start meanwhile. */
  long open_processes();
  void open_process(std::uint32_t process, bool& found, long& error, int depth);

  /** Reads all available records. */
  void drain();
  void take(const perf_event_header& header, const unsigned char* body);

  PerfTable& table_;
  Summary summary_;
  Processes processes_;
  Threads threads_;
  Rings rings_;
  Events events_;
  PerfStep step_ = PerfStep::kNone;
  /** Records whose loss the kernel has reported. */
  std::uint64_t lost_ = 0;
  std::uint32_t own_process_ = static_cast<std::uint32_t>(system_call(SYS_getpid));
};

}  // namespace seccomp_node
