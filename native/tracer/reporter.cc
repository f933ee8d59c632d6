#include "reporter.h"

#include <linux/errno.h>

#include "../freestanding/memory.h"
#include "interruption.h"
#include "ptrace.h"

namespace seccomp_node {

Reporter::Reporter(Table& table)
    : Tracer(table),
      buckets_(allocate_or_exit<std::uint32_t>(kBuckets)),
      threads_(allocate_or_exit<KnownThread>(kKnownThreads)) {}

long Reporter::seize(int process) {
  // If the tracer were killed, nothing would resume the stopped calls of its processes, so they end with it.
  constexpr unsigned long kOptions = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  const long error = -ptrace(PTRACE_SEIZE, process, 0, kOptions);
  if (error == 0) begin();
  return error;
}

long Reporter::seize_running(int process) {
  constexpr unsigned long kOptions =
      PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
  resume_request_ = PTRACE_SYSCALL;
  started_ = true;
  long error = running_.open(process, table_);
  // Threads that traced threads start are traced from their start. Repeats until two passes find no new thread: the
  // directory can skip a thread when an earlier one ends.
  for (int last = 2; last > 0 && error == 0; --last) {
    const bool complete = running_.for_each_thread([&](int thread) {
      const long outcome = -ptrace(PTRACE_SEIZE, thread, 0, kOptions);
      if (outcome == ESRCH || (outcome == EPERM && is_traced(thread))) return;
      if (outcome != 0) {
        if (error == 0) error = outcome;
        return;
      }
      last = 3;
      count_running(1);
      running_.note_thread(thread);
      // The thread stops at calls only after a first stop.
      ptrace(PTRACE_INTERRUPT, thread);
    });
    if (!complete && error == 0) error = ESRCH;
  }
  if (error == 0) publish(table_.header.state, TracerState::kTracing);
  return error;
}

void Reporter::run() {
  follow([this](int thread, int signal, int event) { stopped(thread, signal, event); },
         [this](int thread) { forget(thread); });
}

void Reporter::resume(int thread, int signal) const {
  ptrace(resume_request_, thread, 0, static_cast<unsigned long>(signal));
}

void Reporter::stopped(int thread, int signal, int event) {
  switch (event) {
    case PTRACE_EVENT_SECCOMP:
      called(thread);
      break;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
      count_running(1);
      break;
    case PTRACE_EVENT_EXEC:
      executed(thread);
      break;
    case PTRACE_EVENT_STOP:
      if (is_group_stop(signal)) {
        ptrace(PTRACE_LISTEN, thread);
        return;
      }
      // The first stop of a new thread, whose number may have been used before.
      if (running_.exists())
        wait_again(thread);
      else
        forget(thread);
      break;
    case 0:
      if (signal == kCallStop) {
        called(thread);
        break;
      }
      resume(thread, is_harmless_interruption(thread, signal) ? 0 : signal);
      return;
    default:
      break;
  }
  resume(thread, 0);
}

void Reporter::executed(int thread) {
  started_ = true;
  forget(thread);
  // A thread that is not the leader takes over the leader's number. No event reports the end of its own number.
  const auto former = static_cast<int>(event_message(thread));
  if (former == 0 || former == thread) return;
  forget(former);
  count_running(-1);
}

void Reporter::called(int thread) {
  Call call;
  if (!read_call(thread, call)) return;
  if (running_.exists()) {
    call.data = phase() == kMuted ? 0 : running_.data_of(call);
    running_.note_call(thread, call);
  }
  publish(table_.header.stops, table_.header.stops + 1);
  if ((call.data & kDataMask) != 0) write_down(thread, call);
  if ((call.data & kLookAtPtrace) != 0 && wants_tracer(call)) give_way(thread, call, program_of(thread));
  if ((call.data & kLookAtClone) != 0) keep_traced(thread, call);
}

void Reporter::write_down(int thread, const Call& call) {
  const std::uint32_t program = program_of(thread);
  const std::uint32_t data = call.data & kDataMask;
  const std::uint32_t origin = running_.exists() ? origin_of(thread) : 0;
  auto& used = table_.header.entries;
  std::uint32_t hash =
      call.number * 0x9e3779b1U ^ (data * 0x85ebca6bU) ^ (program * 0xc2b2ae35U) ^ (origin * 0x27d4eb2fU) ^ call.arch;
  for (hash ^= hash >> 15;; ++hash) {
    auto& bucket = buckets_[hash % kBuckets];
    if (bucket == 0) {
      if (used == kMaxEntries) {
        publish(table_.header.lost, table_.header.lost + 1);
        return;
      }
      auto& entry = table_.entries[used];
      entry.count = 1;
      entry.instruction_pointer = call.instruction_pointer;
      for (int index = 0; index < 6; ++index) entry.args[index] = call.args[index];
      entry.arch = call.arch;
      entry.number = call.number;
      entry.data = data;
      entry.program = program;
      entry.origin = origin;
      entry.thread = static_cast<std::uint32_t>(thread);
      const auto length = read_of(thread, "/comm", entry.name, sizeof entry.name);
      if (length > 0 && entry.name[length - 1] == '\n') entry.name[length - 1] = '\0';
      bucket = used + 1;
      publish(used, bucket);
      wake();
      return;
    }
    auto& entry = table_.entries[bucket - 1];
    if (entry.number == call.number && entry.arch == call.arch && entry.data == data && entry.program == program &&
        entry.origin == origin) {
      const std::uint64_t count = entry.count + 1;
      publish(entry.count, count);
      // Reports a repeated call at powers of two, not every time.
      if ((count & (count - 1)) == 0) wake();
      return;
    }
  }
}

std::uint32_t Reporter::program_of(int thread) {
  if (!started_) return kStarting;
  auto& seen = known(thread);
  if (seen.thread != thread) seen = {thread, look_up_program(thread), running_.exists() && running_.has(thread)};
  return seen.program;
}

std::uint32_t Reporter::origin_of(int thread) const {
  return static_cast<std::uint32_t>(running_.origin_of(thread, known(thread).is_of_process)) | phase() << kPhaseShift;
}

std::uint32_t Reporter::phase() const {
  std::uint32_t phase = 0;
  __atomic_load(&table_.header.phase, &phase, __ATOMIC_ACQUIRE);
  return phase;
}

void Reporter::forget(int thread) const {
  if (known(thread).thread == thread) known(thread).thread = 0;
  running_.forget(thread);
}

}  // namespace seccomp_node
