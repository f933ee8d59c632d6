#include "running_process.h"

#include <linux/audit.h>
#include <linux/fcntl.h>

#include <cstddef>

#include "../freestanding/memory.h"
#include "../freestanding/native_arch.h"

namespace seccomp_node {

namespace {

bool waits_for_events(std::uint32_t number) {
  return number == SYS_epoll_pwait || number == SYS_epoll_create1
#ifdef SYS_epoll_wait
         || number == SYS_epoll_wait
#endif
      ;
}

}  // namespace

long RunningProcess::open(int process, const Table& table) {
  const auto count = table.header.instructions;
  program_ = {reinterpret_cast<const sock_filter*>(table.program), count < BPF_MAXINSNS ? count : BPF_MAXINSNS};
  loops_ = allocate_or_exit<int>(kLoops);
  process_ = process;
  directory_ =
      system_call(SYS_openat, kCurrentDirectory, word(path_of(process, "/task").text()), O_DIRECTORY | O_CLOEXEC);
  return directory_ < 0 ? -directory_ : 0;
}

bool RunningProcess::has(int thread) const {
  // Skips "/proc/".
  return system_call(SYS_faccessat, directory_, word(path_of(thread, "").text() + 6), 0) == 0;
}

void RunningProcess::note_thread(int thread) {
  if (thread != process_ && scheduler_ == 0) scheduler_ = thread;
  // The thread may already be waiting for events.
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  char text[64]{};
  read_of(thread, "/syscall", text, sizeof text - 1);
  std::uint32_t number = 0;
  std::size_t used = 0;
  for (; text[used] >= '0' && text[used] <= '9'; ++used)
    number = number * 10 + static_cast<std::uint32_t>(text[used] - '0');
  if (used > 0 && waits_for_events(number)) loop_of(thread) = thread;
}

void RunningProcess::note_call(int thread, const Call& call) const {
  if (call.arch != kNativeArch || !waits_for_events(call.number) || loop_of(thread) == thread) return;
  if (has(thread)) loop_of(thread) = thread;
}

void RunningProcess::forget(int thread) const {
  if (loops_ != nullptr && loop_of(thread) == thread) loop_of(thread) = 0;
}

std::uint32_t RunningProcess::data_of(const Call& call) const {
  seccomp_data data{static_cast<int>(call.number), call.arch, call.instruction_pointer, {}};
  for (int index = 0; index < 6; ++index) data.args[index] = call.args[index];
  const std::uint32_t action = run_filter(program_, data);
  return (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE ? action & SECCOMP_RET_DATA : 0;
}

Origin RunningProcess::origin_of(int thread, bool is_own) const {
  if (thread == process_) return Origin::kMainThread;
  if (loop_of(thread) == thread && thread != scheduler_) return Origin::kWorker;
  return is_own ? Origin::kPool : Origin::kChild;
}

}  // namespace seccomp_node
