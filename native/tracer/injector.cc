#include "injector.h"

#include <linux/filter.h>
#include <linux/mman.h>
#include <linux/seccomp.h>

#include <cstddef>

#include "../freestanding/memory.h"
#include "../freestanding/system_call.h"
#include "ptrace.h"

namespace seccomp_node {

namespace {

constexpr std::uint64_t kMappedSize = 0x10000;
static_assert(sizeof(sock_fprog) + sizeof(PassFilter::instructions) <= kMappedSize);

constexpr unsigned long kMaskSize = sizeof(std::uint64_t);

void write(int thread, std::uint64_t address, const void* from, std::size_t size) {
  const auto* words = static_cast<const std::uint64_t*>(from);
  for (std::size_t at = 0; at < size / sizeof *words; ++at) {
    ptrace(PTRACE_POKEDATA, thread, address + at * sizeof *words, words[at]);
  }
}

}  // namespace

Injector::Injector(Tasks& tasks, RecordedCalls& calls, RecordingPart& part)
    : tasks_(tasks),
      calls_(calls),
      part_(part),
      injections_(allocate_or_exit<Injection>(kInjections)),
      filter_(allocate_or_exit<PassFilter>(1)) {}

bool Injector::begin(Task& task) {
  for (std::uint32_t at = 0; at < kInjections; ++at) {
    auto& injection = injections_[at];
    if (injection.thread != 0) continue;
    injection = {};
    if (!get_registers(task.thread, injection.registers)) return false;
    // Otherwise a signal handler could run between the calls.
    std::uint64_t all = ~0UL;
    if (ptrace(PTRACE_GETSIGMASK, task.thread, kMaskSize, &injection.signal_mask) < 0) return false;
    if (ptrace(PTRACE_SETSIGMASK, task.thread, kMaskSize, &all) < 0) return false;
    injection.thread = task.thread;
    injection.step = Step::kMap;
    task.injection = at + 1;
    // Read-only for the program: the recorder writes through ptrace.
    replace_call(task.thread, injection.registers, SYS_mmap,
                 {0, kMappedSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, static_cast<std::uint64_t>(-1), 0});
    return true;
  }
  return false;
}

bool Injector::go_on(Task& task) {
  auto& injection = injections_[task.injection - 1];
  switch (injection.step) {
    case Step::kMap:
      mapped(task, injection);
      break;
    case Step::kLoadEntry:
      injection.step = Step::kLoad;
      break;
    case Step::kLoad:
      loaded(task, injection);
      break;
    case Step::kUnmapEntry:
      injection.step = Step::kUnmap;
      break;
    case Step::kUnmap:
    case Step::kNone:
      end(task, injection);
      break;
  }
  return task.injection == 0;
}

void Injector::mapped(Task& task, Injection& injection) {
  Registers registers{};
  constexpr auto kErrors = static_cast<std::uint64_t>(-4096);
  if (!get_registers(task.thread, registers) || result_of(registers) > kErrors) {
    end(task, injection);
    return;
  }
  injection.address = result_of(registers);
  write_filter(task, injection);
  make_call(task.thread, injection.registers, SYS_seccomp,
            {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, injection.address, 0, 0, 0});
  injection.step = Step::kLoadEntry;
}

void Injector::loaded(Task& task, Injection& injection) {
  Registers registers{};
  injection.loaded = get_registers(task.thread, registers) && result_of(registers) == 0;
  if (injection.loaded) {
    const std::uint32_t filter = task.program + 1;
    // TSYNC has applied the filter to all threads.
    tasks_.for_each_of(task.process, [filter](Task& other) { other.filter = filter; });
    publish(part_.filters, part_.filters + 1);
  }
  make_call(task.thread, injection.registers, SYS_munmap, {injection.address, kMappedSize, 0, 0, 0, 0});
  injection.step = Step::kUnmapEntry;
}

void Injector::end(Task& task, Injection& injection) {
  make_call(task.thread, injection.registers);
  ptrace(PTRACE_SETSIGMASK, task.thread, kMaskSize, &injection.signal_mask);
  if (!injection.loaded) tasks_.for_each_of(task.process, [](Task& other) { other.left_alone = true; });
  forget(task);
  task.in_call = false;
}

void Injector::forget(Task& task) {
  if (task.injection != 0) injections_[task.injection - 1].thread = 0;
  task.injection = 0;
}

bool Injector::is_in(int process) const {
  for (std::uint32_t at = 0; at < kInjections; ++at) {
    if (injections_[at].thread == 0) continue;
    const Task* task = tasks_.find(injections_[at].thread);
    if (task != nullptr && task->process == process) return true;
  }
  return false;
}

void Injector::write_filter(const Task& task, const Injection& injection) {
  PassFilterBuilder(*filter_, part_.kinds[0]).build(calls_.entries(), calls_.size(), task.program, part_.phase);
  const std::uint64_t instructions = injection.address + sizeof(sock_fprog);
  const sock_fprog program{static_cast<unsigned short>(filter_->length),
                           // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of another process.
                           reinterpret_cast<sock_filter*>(instructions)};
  write(task.thread, injection.address, &program, sizeof program);
  write(task.thread, instructions, filter_->instructions, filter_->length * sizeof(sock_filter));
}

}  // namespace seccomp_node
