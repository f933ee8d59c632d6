// A process that was attached to: the tracer runs its filter at every call, and classifies its threads.
#pragma once

#include <linux/errno.h>

#include <cstdint>

#include "../freestanding/files.h"
#include "../freestanding/system_call.h"
#include "call.h"
#include "ptrace.h"
#include "run_filter.h"
#include "table.h"

namespace seccomp_node {

class RunningProcess {
 public:
  /** Opens the directory of the threads. Returns 0 or an errno. */
  long open(int process, const Table& table);

  /** Whether the tracer was attached to a running process. */
  [[nodiscard]] bool exists() const { return process_ != 0; }

  /** Calls `act` with each of its threads. Returns whether all could be listed. */
  template <typename Act>
  [[nodiscard]] bool for_each_thread(Act act) const {
    constexpr int kFromStart = 0;
    system_call(SYS_lseek, directory_, 0, kFromStart);
    return for_each_number_in(directory_, [&](unsigned thread) { act(static_cast<int>(thread)); });
  }

  [[nodiscard]] bool has(int thread) const;

  /** Adds a thread that existed at the start. Call it in ascending order of the threads' numbers. */
  void note_thread(int thread);

  /** Marks a thread that has its own event loop: worker threads have one, threads of the pool have none. */
  void note_call(int thread, const Call& call) const;

  /** Removes a thread that has ended, or whose number belongs to another one. */
  void forget(int thread) const;

  /** The data of SECCOMP_RET_TRACE by which its filter would stop at a call, or 0. */
  [[nodiscard]] std::uint32_t data_of(const Call& call) const;

  /** The origin of a call. `is_own`: whether the thread belongs to this process. */
  [[nodiscard]] Origin origin_of(int thread, bool is_own) const;

 private:
  static constexpr std::uint32_t kLoops = 4096;

  [[nodiscard]] int& loop_of(int thread) const { return loops_[static_cast<std::uint32_t>(thread) % kLoops]; }

  int process_ = 0;
  /** /proc/PID/task. */
  long directory_ = -1;
  FilterProgram program_;
  /** The first thread that Node starts: it has an event loop but is not a worker. */
  int scheduler_ = 0;
  /** Threads with event loops, by their numbers. */
  int* loops_ = nullptr;
};

}  // namespace seccomp_node
