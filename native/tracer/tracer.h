// The common part of the two tracers: the one that reports calls, and the one that records them.
#pragma once

#include <linux/errno.h>
#include <linux/wait.h>

#include <cstdint>

#include "../freestanding/memory.h"
#include "../freestanding/system_call.h"
#include "call.h"
#include "table.h"

namespace seccomp_node {

class Tracer {
 public:
  explicit Tracer(Table& table) : table_(table) {}

  [[noreturn]] void finish(TracerState state, std::uint32_t error);

 protected:
  /** Calls `stopped` and `ended` with threads until no thread is traced. */
  template <typename Stopped, typename Ended>
  [[noreturn]] void follow(Stopped stopped, Ended ended) {
    for (;;) {
      int status = 0;
      const long thread = next_event(status);
      if (thread == -EINTR) continue;
      if (thread < 0) {
        finish(thread == -ECHILD ? TracerState::kEnded : TracerState::kFailed, static_cast<std::uint32_t>(-thread));
      }
      if ((status & 0xff) == 0x7f) {
        stopped(static_cast<int>(thread), (status >> 8) & 0xff, status >> 16);
      } else {
        ended(static_cast<int>(thread));
        count_running(-1);
      }
    }
  }

  /** Waits for a stop or an end, as wait4(2) does. */
  long next_event(int& status);

  /** Reports that the first process is traced. */
  void begin();
  void count_running(int change);

  /** The number of the program that a thread runs now. */
  std::uint32_t look_up_program(int thread);

  /** Whether a call of ptrace(2) wants to trace a process that this tracer traces. */
  static bool wants_tracer(const Call& call);

  /** Ends the tracer, because another process wants to trace one of its processes. The kernel then kills traced
   * processes, except those of a running process that the tracer was attached to: they continue. */
  [[noreturn]] void give_way(int thread, const Call& call, std::uint32_t program);

  Table& table_;
  /** Whether the first process has executed the command. */
  bool started_ = false;

 private:
  /** The number of waits without polling after a useless poll, and how many are left. */
  int sleeps_ = 1;
  int sleeps_left_ = 0;
};

/** Reports a change of the table. If the pipe is full, a report is pending already. */
void wake();

}  // namespace seccomp_node
