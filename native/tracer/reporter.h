// The tracer under report-only: stops threads at the calls that a profile would refuse, writes these down and lets them
// go on.
#pragma once

#include <linux/ptrace.h>

#include <cstdint>

#include "call.h"
#include "running_process.h"
#include "table.h"
#include "tracer.h"

namespace seccomp_node {

class Reporter : public Tracer {
 public:
  explicit Reporter(Table& table);

  /** Lets the first process be traced: an errno where that fails. */
  long seize(int process);

  /**
   * Begins to trace a process that runs, with all its threads, at every call: an errno where that fails. Nothing is
   * left of it when the tracer ends, however that comes.
   */
  long seize_running(int process);

  /** Follows all that the first process starts until nothing is left. */
  [[noreturn]] void run();

 private:
  /** Which program a thread runs, as far as it was looked up. */
  struct KnownThread {
    int thread;
    std::uint32_t program;
    /** Whether it is one of the process that ran already. */
    bool is_of_process;
  };

  static constexpr std::uint32_t kKnownThreads = 4096;
  static constexpr std::uint32_t kBuckets = 2 * kMaxEntries;

  [[nodiscard]] KnownThread& known(int thread) const {
    return threads_[static_cast<std::uint32_t>(thread) % kKnownThreads];
  }

  /** Lets a thread go on. It may have been killed meanwhile. */
  void resume(int thread, int signal) const;

  void stopped(int thread, int signal, int event);
  void executed(int thread);
  void called(int thread);
  void write_down(int thread, const Call& call);

  [[nodiscard]] std::uint32_t program_of(int thread);
  /** Whose call it is, and in which phase. The thread was looked up by `program_of`. */
  [[nodiscard]] std::uint32_t origin_of(int thread) const;
  [[nodiscard]] std::uint32_t phase() const;
  void forget(int thread) const;

  /** By hash: the number of an entry, from 1. */
  std::uint32_t* buckets_;
  KnownThread* threads_;
  /** With what a thread goes on: to its next stop by the filter, or by a call. */
  long resume_request_ = PTRACE_CONT;
  RunningProcess running_;
};

}  // namespace seccomp_node
