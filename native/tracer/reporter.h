// The tracer under report-only: stops threads at calls that a profile would refuse, reports the calls and resumes the
// threads.
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

  /** Attaches to the first process. Returns 0 or an errno. */
  long seize(int process);

  /**
   * Attaches to all threads of a running process, to stop at every call. Returns 0 or an errno. However the tracer
   * ends, the process continues unchanged.
   */
  long seize_running(int process);

  /** Follows the first process and all its descendants to their end. */
  [[noreturn]] void run();

 private:
  /** The program of a thread, if it was looked up. */
  struct KnownThread {
    int thread;
    std::uint32_t program;
    /** Whether it belongs to the process that was attached to. */
    bool is_of_process;
  };

  static constexpr std::uint32_t kKnownThreads = 4096;
  static constexpr std::uint32_t kBuckets = 2 * kMaxEntries;

  [[nodiscard]] KnownThread& known(int thread) const {
    return threads_[static_cast<std::uint32_t>(thread) % kKnownThreads];
  }

  /** Resumes a thread, which may have been killed meanwhile. */
  void resume(int thread, int signal) const;

  void stopped(int thread, int signal, int event);
  void executed(int thread);
  void called(int thread);
  void write_down(int thread, const Call& call);

  [[nodiscard]] std::uint32_t program_of(int thread);
  /** The origin and the phase of a call. The thread was looked up by `program_of`. */
  [[nodiscard]] std::uint32_t origin_of(int thread) const;
  [[nodiscard]] std::uint32_t phase() const;
  void forget(int thread) const;

  /** By hash: the number of an entry, from 1. */
  std::uint32_t* buckets_;
  KnownThread* threads_;
  /** The request that resumes a thread: to its next stop by the filter, or at a call. */
  long resume_request_ = PTRACE_CONT;
  RunningProcess running_;
};

}  // namespace seccomp_node
