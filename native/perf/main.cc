// The program that records calls by perf events: reads what the kernel writes down of each call, and keeps a summary of
// it. Nothing is stopped. No libc and no variables, as the tracer. A process of its own, since it has to be faster than
// what it records, whatever JavaScript does meanwhile.
#include "../freestanding/memory.h"
#include "../freestanding/start.h"
#include "recorder.h"
#include "table.h"

namespace seccomp_node {

namespace {

[[noreturn]] void run() {
  prepare_process("seccomp-perf");
  const long mapped = map_shared_or_exit(kPerfTableDescriptor, sizeof(PerfTable));
  int process = 0;
  if (!transfer(SYS_read, kPerfStartDescriptor, &process)) exit_group(1);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as numbers.
  Recorder recorder(*reinterpret_cast<PerfTable*>(mapped));
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
