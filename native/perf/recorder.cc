#include "recorder.h"

#include <linux/errno.h>
#include <linux/prctl.h>
#include <linux/resource.h>

#include "../freestanding/files.h"
#include "../freestanding/memory.h"
#include "call.h"
#include "tracepoint.h"

namespace seccomp_node {

namespace {

constexpr std::uint64_t kLargestRing = 16U << 20;
/** Smaller for a command, because its start waits for the memory. */
constexpr std::uint64_t kLargestRingOfCommand = 4U << 20;

}  // namespace

long Recorder::begin(std::uint32_t process) {
  step_ = PerfStep::kMemory;
  if (!summary_.valid() || !processes_.valid() || !threads_.valid() || !rings_.valid() || !events_.valid()) {
    return ENOMEM;
  }
  const auto target = table_.orders.target;
  step_ = PerfStep::kTracepoint;
  std::uint64_t tracepoint = 0;
  if (const long error = find_tracepoint(tracepoint); error != 0) return error;
  step_ = PerfStep::kOpen;
  const bool is_command = target == PerfTarget::kCommand;
  events_.prepare(tracepoint, is_command || target == PerfTarget::kProcesses, is_command);
  if (const long error = open(process); error != 0) return error;
  if (!is_command) system_call(SYS_prctl, PR_TASK_PERF_EVENTS_ENABLE);
  // Looks up programs now, because the processes may have ended when their calls are read.
  if (target == PerfTarget::kCgroup || target == PerfTarget::kAll) {
    for_each_number_in("/proc", [this](unsigned other) { processes_.program_of(other); });
  }
  publish(table_.header.state, PerfState::kRecording);
  return 0;
}

long Recorder::open(std::uint32_t process) {
  switch (table_.orders.target) {
    case PerfTarget::kCommand:
      return open_events(static_cast<int>(process), 0);
    case PerfTarget::kProcesses:
      return open_processes();
    case PerfTarget::kCgroup:
      // Side-band records cover all processes, because some enter the cgroup later.
      events_.without_side_band();
      if (const long error = open_events(kPerfCgroupDescriptor, PERF_FLAG_PID_CGROUP); error != 0) return error;
      return events_.open_side_band();
    case PerfTarget::kAll:
      return open_events(-1, 0);
  }
  return EINVAL;
}

long Recorder::open_events(int target, unsigned long flags) {
  const bool first = rings_.count() == 0;
  if (const long error = events_.open(target, flags); error != 0) return error;
  if (!first) return 0;
  const bool is_command = table_.orders.target == PerfTarget::kCommand;
  const long error = rings_.map(is_command ? kLargestRingOfCommand : kLargestRing);
  if (error != 0) step_ = PerfStep::kMemory;
  return error;
}

void Recorder::fail(long error) {
  publish(table_.header.step, step_);
  publish(table_.header.error, static_cast<std::uint32_t>(error));
  publish(table_.header.state, PerfState::kFailed);
}

void Recorder::run() {
  // Avoids lost records on a busy machine.
  system_call(SYS_setpriority, PRIO_PROCESS, 0, -20);
  do {
    drain();
    if (events_.inherits() && events_.alive() == 0) break;
  } while (events_.wait());
  system_call(SYS_prctl, PR_TASK_PERF_EVENTS_DISABLE);
  drain();
  // The kernel reports lost records with the next record that fits, and there may have been none.
  if (const auto lost = events_.count_lost(); lost > lost_) summary_.lose(lost - lost_);
  publish(table_.header.state, PerfState::kEnded);
}

long Recorder::open_processes() {
  const auto& orders = table_.orders;
  const auto count = orders.processes < kMaxPerfProcesses ? orders.processes : kMaxPerfProcesses;
  long error = 0;
  bool found = true;
  while (found && error == 0) {
    found = false;
    // The records so far name new children.
    drain();
    system_call(SYS_prctl, PR_TASK_PERF_EVENTS_ENABLE);
    for (std::uint32_t index = 0; index < count; ++index) open_process(orders.process[index], found, error, 0);
  }
  if (error == 0 && rings_.count() == 0) {
    step_ = PerfStep::kNoProcess;
    return ESRCH;
  }
  return error;
}

void Recorder::open_process(std::uint32_t process, bool& found, long& error, int depth) {
  constexpr int kMaxDepth = 64;
  if (depth > kMaxDepth) return;
  for_each_number_in(ProcPath(process, "/task").text(), [&](unsigned thread) {
    if (error != 0) return;
    if (threads_.add(thread)) {
      found = true;
      processes_.program_of(process);
      // The thread may have ended.
      const long outcome = open_events(static_cast<int>(thread), 0);
      if (outcome != 0 && outcome != ESRCH) error = outcome;
    }
    // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
    char children[8192]{};
    const File file = File::open(ProcPath(process, thread, "/children").text());
    const auto size = file.valid() ? file.read(children, sizeof children) : 0;
    for_each_number(children, size, [&](unsigned child) { open_process(child, found, error, depth + 1); });
  });
}

void Recorder::drain() {
  rings_.drain([this](const perf_event_header& header, const unsigned char* body) { take(header, body); });
}

void Recorder::take(const perf_event_header& header, const unsigned char* body) {
  switch (header.type) {
    case PERF_RECORD_SAMPLE: {
      const Call call = read_call(body);
      if (call.process == table_.orders.excluded || call.process == own_process_) break;
      summary_.add(call, processes_.program_of(call.process));
      break;
    }
    case PERF_RECORD_LOST:
      lost_ += read_at<std::uint64_t>(body + 8);
      summary_.lose(read_at<std::uint64_t>(body + 8));
      break;
    case PERF_RECORD_COMM:
      if ((header.misc & PERF_RECORD_MISC_COMM_EXEC) != 0) processes_.executing(read_at<std::uint32_t>(body));
      break;
    case PERF_RECORD_MMAP: {
      constexpr std::size_t kPath = 32;
      processes_.mapped(read_at<std::uint32_t>(body), reinterpret_cast<const char*>(body + kPath));
      break;
    }
    case PERF_RECORD_FORK: {
      const auto child = read_at<std::uint32_t>(body);
      const auto parent = read_at<std::uint32_t>(body + 4);
      threads_.add(read_at<std::uint32_t>(body + 8));
      if (child != parent) processes_.forked(parent, child);
      break;
    }
    case PERF_RECORD_EXIT:
      // The kernel removes events from a program with more privileges than the user who started it.
      if (events_.inherits() && processes_.is_executing(read_at<std::uint32_t>(body))) {
        publish(table_.header.unseen, table_.header.unseen + 1);
      }
      break;
    default:
      break;
  }
}

}  // namespace seccomp_node
