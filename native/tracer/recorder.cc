#include "recorder.h"

#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/time.h>

#include "../freestanding/memory.h"
#include "../freestanding/native_arch.h"
#include "interruption.h"
#include "ptrace.h"

namespace seccomp_node {

namespace {

/** Calls without a new one after which a filter is loaded, if they come within `kQuietTime`: a process that makes
 * few calls gains nothing from a filter. */
constexpr std::uint32_t kQuietCalls = 128;
constexpr std::uint64_t kQuietTime = 500'000'000;

std::uint64_t now() {
  timespec time{};
  system_call(SYS_clock_gettime, CLOCK_MONOTONIC, word(&time));
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

/** Whether seccomp(2) can be called: a filter that refuses it to the recorder refuses it to the command. */
bool can_load() { return system_call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, 0) == -EFAULT; }

int process_of(int thread) {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  char text[512];
  const auto size = read_of(thread, "/status", text, sizeof text);
  constexpr const char* kName = "\nTgid:\t";
  for (std::size_t start = 0; start + 7 < size; ++start) {
    std::size_t letter = 0;
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): read(2) wrote it.
    while (letter < 7 && text[start + letter] == kName[letter]) ++letter;
    if (letter < 7) continue;
    int value = 0;
    for (std::size_t at = start + 7; at < size && text[at] >= '0' && text[at] <= '9'; ++at) {
      value = value * 10 + (text[at] - '0');
    }
    return value;
  }
  return 0;
}

}  // namespace

Recorder::Recorder(Table& table, RecordingPart& part)
    : Tracer(table),
      part_(part),
      calls_(table, part),
      tasks_(allocate_or_exit<Task>(Tasks::kCapacity), allocate_or_exit<std::uint32_t>(Tasks::kCapacity)),
      injector_(tasks_, calls_, part),
      can_load_(can_load()) {}

long Recorder::seize(int process) {
  constexpr unsigned long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK |
                                     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  const long error = -ptrace(PTRACE_SEIZE, process, 0, kOptions);
  if (error != 0) return error;
  if (const long refused = -ptrace(PTRACE_INTERRUPT, process); refused != 0) return refused;
  for (;;) {
    int status = 0;
    const long stopped = system_call(SYS_wait4, process, word(&status), __WALL, 0);
    if (stopped == -EINTR) continue;
    if (stopped < 0 || (status & 0xff) != 0x7f) return ESRCH;
    if (status >> 16 == PTRACE_EVENT_STOP) break;
    ptrace(PTRACE_CONT, process, 0, static_cast<unsigned long>((status >> 8) & 0xff));
  }
  ptrace_syscall_info info{};
  // Needs Linux 5.3.
  if (ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info) < 0) return ENOSYS;
  begin();
  resume(task_of(process), 0);
  return 0;
}

void Recorder::run() {
  follow([this](int thread, int signal, int event) { stopped(task_of(thread), signal, event); },
         [this](int thread) { end_of(thread); });
}

Task& Recorder::task_of(int thread) {
  Task* known = tasks_.find(thread);
  if (known == nullptr) {
    known = tasks_.add(thread);
    if (known != nullptr) {
      known->process = process_of(thread);
      // Threads of a process that gets no filter get none either.
      if (const Task* first = tasks_.find(known->process); first != nullptr) known->left_alone = first->left_alone;
      return *known;
    }
    known = &stranger_;
    *known = {};
    known->thread = thread;
    known->program = kNotLookedUp;
    known->left_alone = true;
  }
  return *known;
}

void Recorder::end_of(int thread) {
  Task* task = tasks_.find(thread);
  if (task == nullptr) return;
  const bool was_injected = task->injection != 0;
  const int process = task->process;
  injector_.forget(*task);
  tasks_.remove(thread);
  if (was_injected) release_held(process);
}

void Recorder::resume(const Task& task, int signal) {
  const bool every = task.filter == 0 || task.left_alone || task.in_call || task.injection != 0;
  ptrace(every ? PTRACE_SYSCALL : PTRACE_CONT, task.thread, 0, static_cast<unsigned long>(signal));
}

void Recorder::stopped(Task& task, int signal, int event) {
  const int thread = task.thread;
  switch (event) {
    case PTRACE_EVENT_SECCOMP: {
      // If the thread is in a call, the call has been counted at its entry.
      Call call;
      if (!task.in_call && task.injection == 0 && task.filter != 0 && read_call(thread, call)) {
        if (loads_filter(call)) leave_alone(task);
        called(task, call);
      }
      if (!task.in_call) task.entry = 0;
      break;
    }
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
      count_running(1);
      has_started(task);
      break;
    case PTRACE_EVENT_EXEC:
      executed(task);
      break;
    case PTRACE_EVENT_STOP:
      if (is_group_stop(signal)) {
        ptrace(PTRACE_LISTEN, thread);
        return;
      }
      break;
    case 0:
      if (signal == kCallStop) {
        at_call(task);
        return;
      }
      resume(task, is_harmless_interruption(thread, signal) ? 0 : signal);
      return;
    default:
      break;
  }
  resume(task, 0);
}

void Recorder::has_started(const Task& task) {
  const auto number = static_cast<int>(event_message(task.thread));
  if (number == 0) return;
  const Task parent = task;
  Task& child = task_of(number);
  if (&child == &stranger_) return;
  if (child.filter == 0) child.filter = parent.filter_of_child;
  child.left_alone = child.left_alone || parent.left_alone;
  if (child.program == kNotLookedUp) child.program = parent.program;
}

void Recorder::executed(Task& task) {
  // A thread that is not the leader takes over the leader's number. No event reports the end of its own number.
  const auto number = static_cast<int>(event_message(task.thread));
  injector_.forget(task);
  if (number != 0 && number != task.thread) {
    if (const Task* former = tasks_.find(number); former != nullptr) {
      task.filter = former->filter;
      task.left_alone = former->left_alone;
      task.in_call = former->in_call;
    }
    end_of(number);
    count_running(-1);
  }
  task.held = false;
  task.entry = 0;
  task.quiet = 0;
  task.program = look_up_program(task.thread);
  if (task.filter != 0 && task.filter - 1 != task.program && task.filter <= kMaxPrograms) {
    publish(part_.inherited[task.filter - 1], std::uint8_t{1});
  }
  if (started_) return;
  started_ = true;
  bool is_new = false;
  calls_.count({kNativeArch, SYS_execve, 0, 0, {}}, kStarting, is_new);
}

void Recorder::at_call(Task& task) {
  ptrace_syscall_info info{};
  if (ptrace(PTRACE_GET_SYSCALL_INFO, task.thread, sizeof info, &info) < 0) return;
  if (task.injection != 0) {
    const bool ended = injector_.go_on(task);
    resume(task, 0);
    if (ended) release_held(task.process);
    return;
  }
  if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
    if (task.entry != 0 && info.exit.rval == -ENOSYS) calls_.count_unavailable(task.entry);
    task.in_call = false;
    task.entry = 0;
  } else if (info.op == PTRACE_SYSCALL_INFO_ENTRY && started_) {
    Call call{info.arch, static_cast<std::uint32_t>(info.entry.nr), 0, info.instruction_pointer, {}};
    for (int index = 0; index < 6; ++index) call.args[index] = info.entry.args[index];
    if (wants_filter(task, call) && injector_.begin(task)) {
      resume(task, 0);
      return;
    }
    if (loads_filter(call)) {
      leave_alone(task);
      if (injector_.is_in(task.process)) {
        task.held = true;
        return;
      }
    }
    task.in_call = true;
    called(task, call);
  } else {
    task.in_call = info.op == PTRACE_SYSCALL_INFO_ENTRY;
  }
  resume(task, 0);
}

void Recorder::called(Task& task, const Call& call) {
  const std::uint32_t kind = calls_.kind_of(call);
  publish(table_.header.stops, table_.header.stops + 1);
  if ((kind & kBeginsPhase) != 0 && part_.has_phases != 0 && part_.phase == 0) publish(part_.phase, 1U);
  if (task.program == kNotLookedUp) task.program = look_up_program(task.thread);
  bool is_new = false;
  task.entry = calls_.count(call, task.program, is_new);
  Task* first = tasks_.find(task.process);
  Task& process = first == nullptr ? task : *first;
  if (is_new) {
    process.quiet = 0;
  } else if (++process.quiet == 1) {
    process.quiet_since = now();
  }
  if ((kind & kIsPtrace) != 0 && wants_tracer(call)) {
    give_way(task.thread, call, started_ ? look_up_program(task.thread) : kStarting);
  }
  if ((kind & kForks) != 0) task.filter_of_child = task.filter;
  if ((kind & kIsClone) != 0 && (call.args[0] & CLONE_UNTRACED) != 0) keep_traced(task.thread, call);
  if ((kind & kIsClone3) != 0) keep_traced_by_clone3(task.thread, call);
}

bool Recorder::loads_filter(const Call& call) const {
  const std::uint32_t kind = calls_.kind_of(call);
  if ((kind & kIsSeccomp) != 0) return static_cast<std::uint32_t>(call.args[0]) <= SECCOMP_SET_MODE_FILTER;
  return (kind & kIsPrctl) != 0 && static_cast<std::uint32_t>(call.args[0]) == kSetSeccomp;
}

void Recorder::leave_alone(Task& task) {
  tasks_.for_each_of(task.process, [](Task& other) { other.left_alone = true; });
  task.left_alone = true;
}

bool Recorder::wants_filter(const Task& task, const Call& call) {
  if (task.filter != 0 || task.left_alone || !can_load_) return false;
  if (part_.has_phases != 0 && part_.phase == 0) return false;
  if (call.arch != kNativeArch || (call.number & kX32Bit) != 0) return false;
  Task* process = tasks_.find(task.process);
  if (process == nullptr || process->quiet < kQuietCalls || task.program >= kMaxPrograms) return false;
  if (now() - process->quiet_since > kQuietTime) {
    process->quiet = 0;
    return false;
  }
  return !injector_.is_in(task.process);
}

void Recorder::release_held(int process) {
  tasks_.for_each_of(process, [this](Task& task) {
    if (!task.held) return;
    task.held = false;
    at_call(task);
  });
}

}  // namespace seccomp_node
