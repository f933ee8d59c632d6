// The program that records calls by perf events: it reads the kernel's record of each call and keeps a summary. It
// stops no process. Like the tracer, it has no libc and no variables. It is a separate process, because it must keep up
// with the programs it records, whatever JavaScript does meanwhile.
#include <linux/perf_event.h>

#include "../freestanding/memory.h"
#include "../freestanding/start.h"
#include "recorder.h"
#include "table.h"

namespace seccomp_node {

namespace {

/**
 * Opens an event that counts nothing. For the first event of a process, the kernel waits for all processors, which
 * takes as long as the rest of a start. Now this happens while Node starts the command. If this fails, so do the events
 * that record.
 */
void open_first_event() {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_DUMMY;
  system_call(SYS_perf_event_open, word(&attributes), 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

[[noreturn]] void run() {
  prepare_process("seccomp-perf");
  const long mapped = map_shared_or_exit(kPerfTableDescriptor, sizeof(PerfTable));
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as numbers.
  Recorder recorder(*reinterpret_cast<PerfTable*>(mapped));
  open_first_event();
  int process = 0;
  if (!transfer(SYS_read, kPerfStartDescriptor, &process)) exit_group(1);
  int error = static_cast<int>(recorder.begin(static_cast<std::uint32_t>(process)));
  if (error != 0) recorder.fail(error);
  transfer(SYS_write, kPerfStartDescriptor, &error);
  system_call(SYS_close, kPerfStartDescriptor);
  if (error == 0) recorder.run();
  exit_group(0);
}

}  // namespace

}  // namespace seccomp_node

void run_program() { seccomp_node::run(); }
