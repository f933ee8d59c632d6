// Records calls by perf events: opens them for what is to be recorded, and adds what the kernel writes down to a
// summary.
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

  /** Has the kernel write down every call of what is to be recorded: 0, or the errno of what failed. */
  long begin(std::uint32_t process);

  /** Says what failed. */
  void fail(long error);

  /** Reads until nothing is left to record, or nobody wants more. */
  void run();

 private:
  long open(std::uint32_t process);

  /** Opens events of a thread or a cgroup; with the first of them, the rings are mapped. */
  long open_events(int target, unsigned long flags);

  /** Opens events for processes, for those that they have started, and for what these start meanwhile. */
  long open_processes();
  void open_process(std::uint32_t process, bool& found, long& error, int depth);

  /** Reads all that has been written by now. */
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
