// Records the calls of a command and of all its descendants.
//
// At first, a process stops at the entry and the exit of every call. After many calls without a new one, the recorder
// loads a filter into it that allows the known calls and stops at all others. Filters can only be tightened, so
// each process gets one filter, and its descendants inherit it.
#pragma once

#include <cstdint>

#include "call.h"
#include "injector.h"
#include "recorded_calls.h"
#include "recording_table.h"
#include "tasks.h"
#include "tracer.h"

namespace seccomp_node {

class Recorder : public Tracer {
 public:
  Recorder(Table& table, RecordingPart& part);

  /** Attaches to the first process, to stop at its next call. Returns 0 or an errno. */
  long seize(int process);

  /** Follows the first process and all its descendants to their end. */
  [[noreturn]] void run();

 private:
  /** The state of a thread. If there is no room for it, the thread is followed without state. */
  Task& task_of(int thread);
  void end_of(int thread);

  /** Resumes a thread. Under a filter of the recorder, it next stops at a call that the filter traces and that no other
   * filter refuses, or at the exit of a call at whose entry it stopped. */
  static void resume(const Task& task, int signal);

  void stopped(Task& task, int signal, int event);
  /** Handles a new process or thread: it inherits the filter that its parent had when it entered the call. */
  void has_started(const Task& task);
  void executed(Task& task);
  void at_call(Task& task);
  void called(Task& task, const Call& call);

  /** Whether a call loads a filter. */
  [[nodiscard]] bool loads_filter(const Call& call) const;
  /** Marks a process that loads its own filter: the recorder loads none into it. */
  void leave_alone(Task& task);

  /** Whether to load a filter into the process of a thread in place of a call. */
  [[nodiscard]] bool wants_filter(const Task& task, const Call& call);
  /** Resumes threads that wait to load a filter of their own. */
  void release_held(int process);

  RecordingPart& part_;
  RecordedCalls calls_;
  Tasks tasks_;
  Injector injector_;
  bool can_load_;
  /** The state of threads beyond the limit. */
  Task stranger_{};
};

}  // namespace seccomp_node
