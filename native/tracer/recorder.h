// Records the calls of a command and of all its descendants.
//
// A process stops at the entry and the exit of every call at first. Once many calls have come without a new one, a
// filter is put into it that lets the known calls pass and stops at the others alone. Filters can only be tightened, so
// that each process gets one, and what it starts has that one too.
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

  /** Begins to trace the first process, at its next call: an errno where that fails. */
  long seize(int process);

  /** Follows all that the first process starts until nothing is left. */
  [[noreturn]] void run();

 private:
  /** What is known of a thread. Where there is no room, it is followed without what needs to be remembered. */
  Task& task_of(int thread);
  void end_of(int thread);

  /** Under a filter, a thread stops where that says so, but for calls that a filter of its own refuses. The exit of a
   * call whose entry was seen is seen as well. */
  static void resume(const Task& task, int signal);

  void stopped(Task& task, int signal, int event);
  /** What it starts has the filter that the thread had when it entered the call. */
  void has_started(const Task& task);
  void executed(Task& task);
  void at_call(Task& task);
  void called(Task& task, const Call& call);

  /** Whether a call loads a filter. */
  [[nodiscard]] bool loads_filter(const Call& call) const;
  /** No filter is put into a process that loads its own. */
  void leave_alone(Task& task);

  /** Whether a filter is to be put into the process of a thread in place of a call. */
  [[nodiscard]] bool wants_filter(const Task& task, const Call& call);
  /** Threads that were about to load a filter of their own do so now. */
  void release_held(int process);

  RecordingPart& part_;
  RecordedCalls calls_;
  Tasks tasks_;
  Injector injector_;
  bool can_load_;
  /** A thread that there is no room for. */
  Task stranger_{};
};

}  // namespace seccomp_node
