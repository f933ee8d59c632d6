#include "tracer.h"

#include "ptrace.h"

namespace seccomp_node {

namespace {

// An idle processor takes longer to wake than most programs take from one call to the next, so the tracer polls for a
// while before it sleeps. If polling does not help, because the program is slower or needs the tracer's processor, the
// tracer polls less and less often. With more threads than this, it does not poll: they need the processors.
constexpr std::uint32_t kMostPolled = 3;
constexpr int kPolls = 100;
constexpr int kMaxSleeps = 16;

}  // namespace

void wake() {
  const char byte = 0;
  system_call(SYS_write, kWakeDescriptor, word(&byte), 1);
}

void Tracer::finish(TracerState state, std::uint32_t error) {
  publish(table_.header.error, error);
  publish(table_.header.state, state);
  exit_group(0);
}

long Tracer::next_event(int& status) {
  if (sleeps_left_ > 0) {
    --sleeps_left_;
  } else if (table_.header.running <= kMostPolled) {
    for (int polls = 0; polls < kPolls; ++polls) {
      const long thread = system_call(SYS_wait4, -1, word(&status), __WALL | WNOHANG, 0);
      if (thread == 0) continue;
      // Without polling, wait4 would have found the result of the first poll too.
      if (polls > 0 && sleeps_ > 1) sleeps_ /= 2;
      return thread;
    }
    sleeps_left_ = sleeps_;
    if (sleeps_ < kMaxSleeps) sleeps_ *= 2;
  }
  return system_call(SYS_wait4, -1, word(&status), __WALL, 0);
}

void Tracer::begin() {
  publish(table_.header.running, 1U);
  publish(table_.header.state, TracerState::kTracing);
}

void Tracer::count_running(int change) {
  publish(table_.header.running, table_.header.running + static_cast<std::uint32_t>(change));
}

std::uint32_t Tracer::look_up_program(int thread) {
  TableProgram found{};
  const long length = system_call(SYS_readlinkat, kCurrentDirectory, word(path_of(thread, "/exe").text()),
                                  word(found.path), sizeof found.path - 1);
  if (length <= 0) return kUnknownProgram;
  auto& used = table_.header.programs;
  for (std::uint32_t index = 0; index < used; ++index) {
    if (equals_kept(table_.programs[index].path, found.path)) return index;
  }
  if (used == kMaxPrograms) return kUnknownProgram;
  table_.programs[used] = found;
  publish(used, used + 1);
  return used - 1;
}

bool Tracer::wants_tracer(const Call& call) {
  const auto request = static_cast<long>(call.args[0]);
  if (request == PTRACE_TRACEME) return true;
  return (request == PTRACE_ATTACH || request == PTRACE_SEIZE) && is_traced(static_cast<int>(call.args[1]));
}

void Tracer::give_way(int thread, const Call& call, std::uint32_t program) {
  auto& header = table_.header;
  header.request = static_cast<std::uint32_t>(call.args[0]);
  header.thread = static_cast<std::uint32_t>(thread);
  header.program = program;
  finish(TracerState::kContended, 0);
}

}  // namespace seccomp_node
