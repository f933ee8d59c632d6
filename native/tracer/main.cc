// The tracer of a command under report-only or under a recording: it stops the command at calls, writes them to a table
// and resumes the command. It has no libc and no variables. It is a separate process, because it waits for stops of
// processes that their parent waits for as well.
#include <linux/fcntl.h>
#include <linux/signal.h>

#include "../freestanding/memory.h"
#include "../freestanding/start.h"
#include "recorder.h"
#include "recording_table.h"
#include "reporter.h"
#include "table.h"

namespace seccomp_node {

namespace {

/**
 * Makes the kernel kill this process when the other end of a pipe is closed, for example because the other process
 * ends. A tracer waits for processes, and cannot wait for a descriptor at the same time.
 */
void end_with(int pipe) {
  system_call(SYS_fcntl, pipe, F_SETOWN, system_call(SYS_getpid));
  system_call(SYS_fcntl, pipe, F_SETSIG, SIGKILL);
  system_call(SYS_fcntl, pipe, F_SETFL, FASYNC | O_NONBLOCK);
  // The other end may already have been closed.
  char none = 0;
  if (system_call(SYS_read, pipe, word(&none), sizeof none) == 0) exit_group(0);
}

/** Reports whether a process could be traced, and follows it to its end. */
template <typename AnyTracer>
[[noreturn]] void follow(AnyTracer& tracer, long seized) {
  int error = static_cast<int>(seized);
  transfer(SYS_write, kTraceeDescriptor, &error);
  system_call(SYS_close, kTraceeDescriptor);
  if (error != 0) tracer.finish(TracerState::kFailed, static_cast<std::uint32_t>(error));
  tracer.run();
}

[[noreturn]] void run() {
  prepare_process("seccomp-tracer");
  system_call(SYS_prctl, PR_SET_DUMPABLE, 0);
  const long mapped = map_shared_or_exit(kTableDescriptor, kTableSize);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as numbers.
  auto& table = *reinterpret_cast<Table*>(mapped);
  if (table.header.instructions != 0) end_with(kStoppedDescriptor);
  int process = 0;
  if (!transfer(SYS_read, kTraceeDescriptor, &process)) exit_group(1);
  if (table.header.records != 0) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    Recorder recorder(table, *reinterpret_cast<RecordingPart*>(mapped + static_cast<long>(kRecordingOffset)));
    follow(recorder, recorder.seize(process));
  }
  Reporter reporter(table);
  follow(reporter, process < 0 ? reporter.seize_running(-process) : reporter.seize(process));
}

}  // namespace

}  // namespace seccomp_node

void run_program() { seccomp_node::run(); }
