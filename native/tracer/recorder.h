// Records the calls of a command and of all that it starts. Part of tracer.cc, whose Tracer it extends.
//
// A process stops at the entry and the exit of every call at first. Once many calls have come without a new one, a
// filter is put into it that lets the known calls pass and stops at the others alone. Filters can only be tightened, so
// that each process gets one, and what it starts has that one too.
#pragma once

#include "pass_filter.h"
#include "recording_table.h"
#include "tasks.h"

namespace seccomp_node {

// NOLINTNEXTLINE(cert-dcl59-cpp): tracer.cc alone includes it.
namespace {

/** Calls without a new one after which a filter is put in, where they come within `kQuietTime`: a process that makes
 * few calls gains nothing by it. */
constexpr std::uint32_t kQuietCalls = 128;
constexpr std::uint64_t kQuietTime = 500'000'000;

/** Different arguments of one call of one program that are told apart. */
constexpr std::uint16_t kMaxVariants = 256;
constexpr std::uint32_t kVariantCounters = 1U << 14;

constexpr std::uint32_t kX32Bit = 0x40000000;

/** The calls of a thread are replaced by these of the recorder's, one after the other. */
enum class InjectionStep : std::uint8_t { kNone, kMap, kLoadEntry, kLoad, kUnmapEntry, kUnmap };

/** A filter on its way into a process. */
struct Injection {
  int thread;
  InjectionStep step;
  /** Whether the kernel took the filter. */
  bool loaded;
  /** Of the thread, as they were at the entry of its call. */
  std::uint64_t signal_mask;
  Registers registers;
  std::uint64_t address;
};

constexpr std::uint32_t kInjections = 64;

#if defined(__x86_64__)

constexpr long kMapCall = SYS_mmap;
/** `syscall`, `sysenter` and `int` have two bytes. */
constexpr std::uint64_t kCallInstruction = 2;

void set_arguments(Registers& registers, long number, const std::uint64_t (&args)[6]) {  // NOLINT
  registers.rdi = args[0];
  registers.rsi = args[1];
  registers.rdx = args[2];
  registers.r10 = args[3];
  registers.r8 = args[4];
  registers.r9 = args[5];
  registers.rax = static_cast<std::uint64_t>(number);
}

/** Makes the thread enter a call, again, once it goes on. */
void enter_again(Registers& registers, long number) {
  registers.rip -= kCallInstruction;
  registers.rax = static_cast<std::uint64_t>(number);
  // No call that a signal could restart.
  registers.orig_rax = ~0UL;
}

long number_of(const Registers& registers) { return static_cast<long>(registers.orig_rax); }
std::uint64_t result_of(const Registers& registers) { return registers.rax; }

bool replace_number(int, Registers& registers, long number) {
  registers.orig_rax = static_cast<std::uint64_t>(number);
  return true;
}

#else

constexpr long kMapCall = SYS_mmap;
constexpr std::uint64_t kCallInstruction = 4;

void set_arguments(Registers& registers, long number, const std::uint64_t (&args)[6]) {  // NOLINT
  for (int index = 0; index < 6; ++index) registers.x[index] = args[index];
  registers.x[8] = static_cast<std::uint64_t>(number);
}

void enter_again(Registers& registers, long number) {
  registers.pc -= kCallInstruction;
  registers.x[8] = static_cast<std::uint64_t>(number);
}

long number_of(const Registers& registers) { return static_cast<long>(registers.x[8]); }
std::uint64_t result_of(const Registers& registers) { return registers.x[0]; }

bool replace_number(int thread, Registers&, long number) {
  int value = static_cast<int>(number);
  iovec buffer{&value, sizeof value};
  return ptrace(PTRACE_SETREGSET, thread, NT_ARM_SYSTEM_CALL, &buffer) == 0;
}

#endif

bool get_registers(int thread, Registers& registers) {
  iovec buffer{&registers, sizeof registers};
  return ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &buffer) == 0 && buffer.iov_len == sizeof registers;
}

bool set_registers(int thread, Registers& registers) {
  iovec buffer{&registers, sizeof registers};
  return ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &buffer) == 0;
}

std::uint64_t now() {
  timespec time{};
  system_call(SYS_clock_gettime, CLOCK_MONOTONIC, word(&time));
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

/** Whether seccomp(2) can be called here at all: what refuses it to the recorder refuses it to the command. */
bool can_load() { return system_call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, 0) == -EFAULT; }

class Recorder : public Tracer {
 public:
  Recorder(Table& table, RecordingPart& part)
      : Tracer(table),
        part_(part),
        entries_(reinterpret_cast<RecordedEntry*>(table.entries)),
        tasks_(memory_for<Task>(Tasks::kCapacity), memory_for<std::uint32_t>(Tasks::kCapacity)),
        injections_(memory_for<Injection>(kInjections)),
        filter_(memory_for<PassFilter>(1)),
        variants_(memory_for<std::uint16_t>(kVariantCounters)),
        can_load_(can_load()) {}

  /** Begins to trace the first process, at its next call: an errno where that fails. */
  long seize(int process) {
    constexpr unsigned long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK |
                                       PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
                                       PTRACE_O_EXITKILL;
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
    // Linux 5.3.
    if (ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info) < 0) return ENOSYS;
    set(table_.header.running, 1U);
    set(table_.header.state, TracerState::kTracing);
    resume(task_of(process), 0);
    return 0;
  }

  /** Follows all that the first process starts until nothing is left. */
  void run() {
    for (;;) {
      int status = 0;
      const long thread = system_call(SYS_wait4, -1, word(&status), __WALL, 0);
      if (thread == -EINTR) continue;
      if (thread < 0) {
        finish(thread == -ECHILD ? TracerState::kEnded : TracerState::kFailed, static_cast<std::uint32_t>(-thread));
      }
      if ((status & 0xff) == 0x7f) {
        stopped(task_of(static_cast<int>(thread)), (status >> 8) & 0xff, status >> 16);
      } else {
        end_of(static_cast<int>(thread));
        count_running(-1);
      }
    }
  }

 private:
  /** What is known of a thread. Where there is no room, it is followed without what needs to be remembered. */
  Task& task_of(int thread) {
    Task* known = tasks_.find(thread);
    if (known == nullptr) {
      known = tasks_.add(thread);
      if (known != nullptr) {
        known->process = process_of(thread);
        // A thread of a process that is left alone is so too.
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

  static int process_of(int thread) {
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

  void end_of(int thread) {
    Task* task = tasks_.find(thread);
    if (task == nullptr) return;
    const bool was_injected = task->injection != 0;
    const int process = task->process;
    if (was_injected) injections_[task->injection - 1].thread = 0;
    tasks_.remove(thread);
    if (was_injected) release_held(process);
  }

  /** Under a filter, a thread stops where that says so, but for calls that a filter of its own refuses. The exit of a
   * call whose entry was seen is seen as well. */
  static void resume(const Task& task, int signal) {
    const bool every = task.filter == 0 || task.left_alone || task.in_call || task.injection != 0;
    ptrace(every ? PTRACE_SYSCALL : PTRACE_CONT, task.thread, 0, static_cast<unsigned long>(signal));
  }

  void stopped(Task& task, int signal, int event) {
    const int thread = task.thread;
    switch (event) {
      case PTRACE_EVENT_SECCOMP: {
        // By a filter of its own, where the call has been seen already.
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
        return;
      case PTRACE_EVENT_STOP:
        if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
          // Stays stopped, and its parent hears of it, as without a tracer.
          ptrace(PTRACE_LISTEN, thread);
          return;
        }
        break;
      case 0:
        if (signal == (SIGTRAP | 0x80)) {
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

  /** What it starts has the filter that the thread had when it entered the call. */
  void has_started(const Task& task) {
    unsigned long number = 0;
    if (ptrace(PTRACE_GETEVENTMSG, task.thread, 0, &number) != 0) return;
    const Task parent = task;
    Task& child = task_of(static_cast<int>(number));
    if (&child == &stranger_) return;
    if (child.filter == 0) child.filter = parent.filter_of_child;
    child.left_alone = child.left_alone || parent.left_alone;
    if (child.program == kNotLookedUp) child.program = parent.program;
  }

  void executed(Task& task) {
    unsigned long number = 0;
    // A thread that is not the first takes over its number, and its own ends unreported.
    if (ptrace(PTRACE_GETEVENTMSG, task.thread, 0, &number) == 0 && static_cast<int>(number) != task.thread) {
      if (task.injection != 0) injections_[task.injection - 1].thread = 0;
      if (const Task* former = tasks_.find(static_cast<int>(number)); former != nullptr) {
        task.filter = former->filter;
        task.left_alone = former->left_alone;
        task.in_call = former->in_call;
      }
      end_of(static_cast<int>(number));
      count_running(-1);
    }
    task.injection = 0;
    task.held = false;
    task.entry = 0;
    task.quiet = 0;
    task.program = look_up_program(task.thread);
    if (task.filter != 0 && task.filter - 1 != task.program && task.filter <= kMaxPrograms) {
      set(part_.inherited[task.filter - 1], std::uint8_t{1});
    }
    if (!started_) {
      started_ = true;
      Call call{kNativeArch, SYS_execve, 0, 0, {}};
      count(call, kStarting);
    }
    resume(task, 0);
  }

  /** At the entry or the exit of a call. */
  void at_call(Task& task) {
    ptrace_syscall_info info{};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, task.thread, sizeof info, &info) < 0) return;
    if (task.injection != 0) {
      inject(task, injections_[task.injection - 1]);
      return;
    }
    if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
      if (task.entry != 0 && info.exit.rval == -ENOSYS) {
        auto& entry = entries_[task.entry - 1];
        set(entry.unavailable, entry.unavailable + 1);
      }
      task.in_call = false;
      task.entry = 0;
    } else if (info.op == PTRACE_SYSCALL_INFO_ENTRY && started_) {
      Call call{info.arch, static_cast<std::uint32_t>(info.entry.nr), 0, info.instruction_pointer, {}};
      for (int index = 0; index < 6; ++index) call.args[index] = info.entry.args[index];
      if (begin_injection(task, call)) return;
      if (loads_filter(call)) {
        leave_alone(task);
        if (is_injected(task.process)) {
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

  /** What the recorder was told of a call. */
  [[nodiscard]] std::uint32_t kind_of(const Call& call) const {
    const bool is_x32 = kNativeArch == AUDIT_ARCH_X86_64 && call.arch == kNativeArch && (call.number & kX32Bit) != 0;
    const std::uint32_t number = is_x32 ? call.number & ~kX32Bit : call.number;
    const std::uint32_t interface = is_x32 ? 2 : call.arch == kNativeArch ? 0 : 1;
    return number < kCallKinds ? part_.kinds[interface][number] : 0;
  }

  [[nodiscard]] bool loads_filter(const Call& call) const {
    const std::uint32_t kind = kind_of(call);
    if ((kind & kIsSeccomp) != 0) return static_cast<std::uint32_t>(call.args[0]) <= SECCOMP_SET_MODE_FILTER;
    return (kind & kIsPrctl) != 0 && static_cast<std::uint32_t>(call.args[0]) == kSetSeccomp;
  }

  /** No filter is put into a process that loads its own. */
  void leave_alone(Task& task) {
    tasks_.for_each_of(task.process, [](Task& other) { other.left_alone = true; });
    task.left_alone = true;
  }

  void called(Task& task, const Call& call) {
    const std::uint32_t kind = kind_of(call);
    set(table_.header.stops, table_.header.stops + 1);
    if ((kind & kBeginsPhase) != 0 && part_.has_phases != 0 && part_.phase == 0) set(part_.phase, 1U);
    if (task.program == kNotLookedUp) task.program = look_up_program(task.thread);
    bool is_new = false;
    task.entry = count(call, task.program, &is_new);
    Task* first = tasks_.find(task.process);
    Task& process = first == nullptr ? task : *first;
    if (is_new) {
      process.quiet = 0;
    } else if (++process.quiet == 1) {
      process.quiet_since = now();
    }
    if ((kind & kIsPtrace) != 0) {
      forget(task.thread);
      look_at_ptrace(task.thread, call);
    }
    if ((kind & kForks) != 0) task.filter_of_child = task.filter;
    if ((kind & kIsClone) != 0 && (call.args[0] & CLONE_UNTRACED) != 0) keep_traced(task.thread, call);
    if ((kind & kIsClone3) != 0) keep_traced_by_clone3(task.thread, call.args[0]);
  }

  static void keep_traced_by_clone3(int thread, std::uint64_t address) {
    std::uint64_t flags = 0;
    if (ptrace(PTRACE_PEEKDATA, thread, address, &flags) < 0 || (flags & CLONE_UNTRACED) == 0) return;
    ptrace(PTRACE_POKEDATA, thread, address, flags & ~static_cast<std::uint64_t>(CLONE_UNTRACED));
  }

  /** Counts a call. Its entry, plus 1; 0 where there is no room. */
  std::uint32_t count(const Call& call, std::uint32_t program, bool* is_new = nullptr) {
    const std::uint32_t kind = kind_of(call);
    RecordedEntry sought{};
    sought.arch = call.arch;
    sought.number = call.number;
    sought.program = program;
    sought.phase = part_.phase;
    for (int index = 0; index < 6; ++index) {
      if ((kind >> index & 1) == 0) continue;
      const bool is_wide = (kind >> (index + kWideShift) & 1) != 0;
      sought.args[index] = is_wide ? call.args[index] : static_cast<std::uint32_t>(call.args[index]);
    }
    std::uint32_t found = find(sought);
    if (found == 0 && (kind & kArguments) != 0 && variants_of(sought) == kMaxVariants) {
      for (auto& arg : sought.args) arg = 0;
      sought.flags = kUnknownArguments;
      found = find(sought);
    }
    if (found == 0) {
      if (is_new != nullptr) *is_new = true;
      found = insert(sought);
      if (found == 0) set(table_.header.lost, table_.header.lost + 1);
      return found;
    }
    auto& entry = entries_[found - 1];
    set(entry.count, entry.count + 1);
    return found;
  }

  static std::uint32_t base_hash(const RecordedEntry& entry) {
    return entry.number * 0x9e3779b1U ^ (entry.program * 0xc2b2ae35U) ^ (entry.phase * 0x27d4eb2fU) ^ entry.arch;
  }

  static std::uint32_t hash(const RecordedEntry& entry) {
    std::uint32_t value = base_hash(entry) ^ entry.flags;
    for (const std::uint64_t arg : entry.args) {
      value = (value ^ static_cast<std::uint32_t>(arg) ^ static_cast<std::uint32_t>(arg >> 32)) * 0x85ebca6bU;
      value ^= value >> 15;
    }
    return value;
  }

  static bool equal(const RecordedEntry& a, const RecordedEntry& b) {
    for (int index = 0; index < 6; ++index) {
      if (a.args[index] != b.args[index]) return false;
    }
    return a.number == b.number && a.arch == b.arch && a.program == b.program && a.phase == b.phase &&
           (a.flags & kUnknownArguments) == (b.flags & kUnknownArguments);
  }

  [[nodiscard]] std::uint32_t find(const RecordedEntry& sought) const {
    for (std::uint32_t at = hash(sought);; ++at) {
      const std::uint32_t bucket = buckets_[at % kBuckets];
      if (bucket == 0 || equal(entries_[bucket - 1], sought)) return bucket;
    }
  }

  std::uint32_t insert(const RecordedEntry& made) {
    auto& used = table_.header.entries;
    if (used == kMaxEntries) return 0;
    std::uint32_t at = hash(made);
    while (buckets_[at % kBuckets] != 0) ++at;
    entries_[used] = made;
    entries_[used].count = 1;
    buckets_[at % kBuckets] = used + 1;
    auto& variants = variants_of(made);
    if (variants < kMaxVariants) ++variants;
    set(used, used + 1);
    wake();
    return used;
  }

  [[nodiscard]] std::uint16_t& variants_of(const RecordedEntry& entry) const {
    const std::uint32_t value = base_hash(entry);
    return variants_[(value ^ value >> 16) % kVariantCounters];
  }

  [[nodiscard]] bool is_injected(int process) const {
    for (std::uint32_t at = 0; at < kInjections; ++at) {
      if (injections_[at].thread == 0) continue;
      const Task* task = tasks_.find(injections_[at].thread);
      if (task != nullptr && task->process == process) return true;
    }
    return false;
  }

  /** Puts a filter into the process of a thread, beginning in place of the call that it enters: whether it does. */
  bool begin_injection(Task& task, const Call& call) {
    if (task.filter != 0 || task.left_alone || !can_load_) return false;
    if (part_.has_phases != 0 && part_.phase == 0) return false;
    if (call.arch != kNativeArch || (call.number & kX32Bit) != 0) return false;
    Task* process = tasks_.find(task.process);
    if (process == nullptr || process->quiet < kQuietCalls || task.program >= kMaxPrograms) return false;
    if (now() - process->quiet_since > kQuietTime) {
      process->quiet = 0;
      return false;
    }
    if (is_injected(task.process)) return false;
    for (std::uint32_t at = 0; at < kInjections; ++at) {
      auto& injection = injections_[at];
      if (injection.thread != 0) continue;
      injection = {};
      if (!get_registers(task.thread, injection.registers)) return false;
      // A signal would have its handler run between the calls.
      const std::uint64_t all = ~0UL;
      constexpr unsigned long kMaskSize = sizeof all;
      if (ptrace(PTRACE_GETSIGMASK, task.thread, kMaskSize, &injection.signal_mask) < 0) return false;
      if (ptrace(PTRACE_SETSIGMASK, task.thread, kMaskSize, const_cast<std::uint64_t*>(&all)) < 0) return false;
      injection.thread = task.thread;
      injection.step = InjectionStep::kMap;
      task.injection = at + 1;
      Registers registers = injection.registers;
      // The program can read it alone: the recorder writes it.
      set_arguments(registers, kMapCall,
                    {0, kMappedSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, static_cast<std::uint64_t>(-1), 0});
#if defined(__x86_64__)
      registers.rax = injection.registers.rax;
#else
      registers.x[8] = injection.registers.x[8];
#endif
      replace_number(task.thread, registers, kMapCall);
      set_registers(task.thread, registers);
      resume(task, 0);
      return true;
    }
    return false;
  }

  /** Goes on after each stop of a thread whose calls are the recorder's. */
  void inject(Task& task, Injection& injection) {
    switch (injection.step) {
      case InjectionStep::kMap: {
        Registers registers{};
        constexpr auto kErrors = static_cast<std::uint64_t>(-4096);
        if (!get_registers(task.thread, registers) || result_of(registers) > kErrors) {
          end_injection(task, injection);
          return;
        }
        injection.address = result_of(registers);
        write_filter(task, injection);
        call_next(task, injection, SYS_seccomp,
                  {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, injection.address, 0, 0, 0});
        injection.step = InjectionStep::kLoadEntry;
        break;
      }
      case InjectionStep::kLoadEntry:
        injection.step = InjectionStep::kLoad;
        break;
      case InjectionStep::kLoad: {
        Registers registers{};
        injection.loaded = get_registers(task.thread, registers) && result_of(registers) == 0;
        if (injection.loaded) {
          const std::uint32_t filter = task.program + 1;
          // The kernel gave it to all of the threads.
          tasks_.for_each_of(task.process, [filter](Task& other) { other.filter = filter; });
          set(part_.filters, part_.filters + 1);
        }
        call_next(task, injection, SYS_munmap, {injection.address, kMappedSize, 0, 0, 0, 0});
        injection.step = InjectionStep::kUnmapEntry;
        break;
      }
      case InjectionStep::kUnmapEntry:
        injection.step = InjectionStep::kUnmap;
        break;
      case InjectionStep::kUnmap:
      case InjectionStep::kNone:
        end_injection(task, injection);
        return;
    }
    resume(task, 0);
  }

  /** Has a thread at the exit of a call make another one. */
  static void call_next(const Task& task, const Injection& injection, long number,
                        const std::uint64_t (&args)[6]) {  // NOLINT(modernize-avoid-c-arrays)
    Registers registers = injection.registers;
    set_arguments(registers, number, args);
    enter_again(registers, number);
    set_registers(task.thread, registers);
  }

  /** Lets the thread make its own call, as if nothing had been. */
  void end_injection(Task& task, Injection& injection) {
    Registers registers = injection.registers;
    enter_again(registers, number_of(registers));
    set_registers(task.thread, registers);
    constexpr unsigned long kMaskSize = sizeof injection.signal_mask;
    ptrace(PTRACE_SETSIGMASK, task.thread, kMaskSize, &injection.signal_mask);
    if (!injection.loaded) tasks_.for_each_of(task.process, [](Task& other) { other.left_alone = true; });
    injection.thread = 0;
    task.injection = 0;
    task.in_call = false;
    resume(task, 0);
    release_held(task.process);
  }

  /** Threads that were about to load a filter of their own do so now. */
  void release_held(int process) {
    tasks_.for_each_of(process, [this](Task& task) {
      if (!task.held) return;
      task.held = false;
      at_call(task);
    });
  }

  /** Writes the argument of seccomp(2) to where the thread can read it. */
  void write_filter(const Task& task, const Injection& injection) {
    PassFilterBuilder(*filter_, part_.kinds[0]).build(entries_, table_.header.entries, task.program, part_.phase);
    const std::uint64_t instructions = injection.address + sizeof(sock_fprog);
    const sock_fprog program{static_cast<unsigned short>(filter_->length),
                             // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of another process.
                             reinterpret_cast<sock_filter*>(instructions)};
    write(task.thread, injection.address, &program, sizeof program);
    write(task.thread, instructions, filter_->instructions, filter_->length * sizeof(sock_filter));
  }

  static void write(int thread, std::uint64_t address, const void* from, std::size_t size) {
    const auto* words = static_cast<const std::uint64_t*>(from);
    for (std::size_t at = 0; at < size / sizeof *words; ++at) {
      ptrace(PTRACE_POKEDATA, thread, address + at * sizeof *words, words[at]);
    }
  }

  static constexpr std::uint64_t kMappedSize = 0x10000;
  static_assert(sizeof(sock_fprog) + sizeof(PassFilter::instructions) <= kMappedSize);

  RecordingPart& part_;
  RecordedEntry* entries_;
  Tasks tasks_;
  Injection* injections_;
  PassFilter* filter_;
  /** How many entries a call of a program has that differ in arguments, by hash. */
  std::uint16_t* variants_;
  bool can_load_;
  /** A thread that there is no room for. */
  Task stranger_{};
};

}  // namespace

}  // namespace seccomp_node
