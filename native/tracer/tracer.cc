// The program beside a command under report-only: stops it at the calls that its profile would refuse, writes them down
// and lets them go on. No libc and no variables. A process of its own, since what it waits for are the stops of
// processes that another one waits for as their parent.
#include <linux/audit.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/signal.h>
#include <linux/time.h>
#include <linux/uio.h>
#include <linux/wait.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

#include "../freestanding/files.h"
#include "../freestanding/memory.h"
#include "../freestanding/system_call.h"
#include "recording_table.h"
#include "running.h"
#include "table.h"

#if defined(__x86_64__)

// At the entry the stack pointer is where argc is.
asm(".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  and $-16, %rsp\n"
    "  call trace\n"
    "  ud2\n");

#elif defined(__aarch64__)

asm(".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x30, #0\n"
    "  bl trace\n"
    "  brk #1000\n");

#endif

namespace seccomp_node {

namespace {

[[noreturn]] void end(int status) {
  for (;;) system_call(SYS_exit_group, status);
}

long ptrace(long request, int thread, unsigned long address = 0, unsigned long data = 0) {
  return system_call(SYS_ptrace, request, thread, static_cast<long>(address), static_cast<long>(data));
}

long ptrace(long request, int thread, unsigned long address, void* data) {
  return system_call(SYS_ptrace, request, thread, static_cast<long>(address), word(data));
}

/** Memory of zeros. */
template <typename Type>
Type* memory_for(std::size_t count) {
  Type* memory = allocate<Type>(count);
  if (memory == nullptr) end(1);
  return memory;
}

/** `/proc/THREAD/NAME`. */
ProcPath path_of(int thread, const char* name) { return {static_cast<unsigned>(thread), name}; }

/** Reads a file of a thread up to `size` bytes; the number of bytes, 0 where it cannot be read. */
std::size_t read_of(int thread, const char* name, char* to, std::size_t size) {
  return File::open(path_of(thread, name).text()).read(to, size);
}

/** A call at which a thread has stopped. */
struct Call {
  std::uint32_t arch;
  std::uint32_t number;
  std::uint32_t data;
  std::uint64_t instruction_pointer;
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  std::uint64_t args[6];
};

#if defined(__x86_64__)

/** struct user_regs_struct, in the order of the kernel. */
struct Registers {
  std::uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip, cs, eflags, rsp,
      ss, fs_base, gs_base, ds, es, fs, gs;
};

/** That of a 32-bit caller. */
struct Registers32 {
  std::uint32_t ebx, ecx, edx, esi, edi, ebp, eax, ds, es, fs, gs, orig_eax, eip, cs, eflags, esp, ss;
};

void read_registers(Call& call, const Registers& registers, std::size_t) {
  call = {AUDIT_ARCH_X86_64,
          static_cast<std::uint32_t>(registers.orig_rax),
          call.data,
          registers.rip,
          {registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9}};
}

void read_registers(Call& call, const Registers32& registers) {
  call = {AUDIT_ARCH_I386,
          registers.orig_eax,
          call.data,
          registers.eip,
          {registers.ebx, registers.ecx, registers.edx, registers.esi, registers.edi, registers.ebp}};
}

#else

struct Registers {
  std::uint64_t x[31], sp, pc, pstate;
};

struct Registers32 {
  std::uint32_t r[16], cpsr, original_r0;
};

void read_registers(Call& call, const Registers& registers, std::size_t) {
  call = {AUDIT_ARCH_AARCH64,
          static_cast<std::uint32_t>(registers.x[8]),
          call.data,
          registers.pc,
          {registers.x[0], registers.x[1], registers.x[2], registers.x[3], registers.x[4], registers.x[5]}};
}

void read_registers(Call& call, const Registers32& registers) {
  call = {AUDIT_ARCH_ARM,
          registers.r[7],
          call.data,
          registers.r[15],
          {registers.original_r0, registers.r[1], registers.r[2], registers.r[3], registers.r[4], registers.r[5]}};
}

#endif

/** The call by the registers, as before Linux 5.3. */
bool read_call_by_registers(int thread, Call& call) {
  unsigned long data = 0;
  if (ptrace(PTRACE_GETEVENTMSG, thread, 0, &data) < 0) return false;
  call.data = static_cast<std::uint32_t>(data);
  union {
    Registers wide;
    Registers32 narrow;
  } registers;
  iovec buffer{&registers, sizeof registers};
  if (ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &buffer) < 0) return false;
  if (buffer.iov_len == sizeof(Registers32)) {
    read_registers(call, registers.narrow);
  } else {
    read_registers(call, registers.wide, buffer.iov_len);
  }
  return true;
}

bool read_call(int thread, Call& call) {
  ptrace_syscall_info info{};
  const long size = ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info);
  if (size < 0) return read_call_by_registers(thread, call);
  static_assert(offsetof(ptrace_syscall_info, seccomp.args) == offsetof(ptrace_syscall_info, entry.args));
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    info.seccomp.ret_data = 0;
  } else if (info.op != PTRACE_SYSCALL_INFO_SECCOMP) {
    return false;
  }
  call.arch = info.arch;
  call.number = static_cast<std::uint32_t>(info.seccomp.nr);
  call.data = info.seccomp.ret_data & 0xffffU;
  call.instruction_pointer = info.instruction_pointer;
  for (int index = 0; index < 6; ++index) call.args[index] = info.seccomp.args[index];
  return true;
}

/** Which program a thread runs, as far as it was looked up. */
struct KnownThread {
  int thread;
  std::uint32_t program;
  /** Whether it is one of the process that ran already. */
  bool is_of_process;
};

constexpr std::uint32_t kKnownThreads = 4096;
constexpr std::uint32_t kBuckets = 2 * kMaxEntries;

class Tracer {
 public:
  explicit Tracer(Table& table)
      : table_(table),
        buckets_(memory_for<std::uint32_t>(kBuckets)),
        threads_(memory_for<KnownThread>(kKnownThreads)) {}

  /** Lets the first process be traced: an errno where that fails. */
  long seize(int process) {
    // Where the tracer is killed, nobody would let the calls go on that its processes make: they end with it.
    constexpr unsigned long kOptions = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                       PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    const long error = -ptrace(PTRACE_SEIZE, process, 0, kOptions);
    if (error == 0) {
      set(table_.header.running, 1U);
      set(table_.header.state, TracerState::kTracing);
    }
    return error;
  }

  /**
   * Begins to trace a process that runs, with all its threads, at every call: an errno where that fails. Nothing is
   * left of it when the tracer ends, however that comes.
   */
  long seize_running(int process) {
    constexpr unsigned long kOptions =
        PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
    const auto count = table_.header.instructions;
    program_ = {reinterpret_cast<const sock_filter*>(table_.program),
                count < kMaxInstructions ? count : kMaxInstructions};
    loops_ = memory_for<int>(kKnownThreads);
    resume_request_ = PTRACE_SYSCALL;
    started_ = true;
    process_ = process;
    tasks_ = static_cast<int>(
        system_call(SYS_openat, kCurrentDirectory, word(path_of(process, "/task").text()), O_DIRECTORY | O_CLOEXEC));
    if (tasks_ < 0) return -tasks_;
    long error = 0;
    // Threads that are started by traced ones are traced from their start. Twice without finding another one, as the
    // directory can pass over a thread when one before it ends.
    for (int last = 2; last > 0 && error == 0; --last) {
      const bool complete = for_each_thread(tasks_, [&](int thread) {
        const long answer = -ptrace(PTRACE_SEIZE, thread, 0, kOptions);
        if (answer == ESRCH || (answer == EPERM && is_traced(thread))) return;
        if (answer != 0) {
          if (error == 0) error = answer;
          return;
        }
        last = 3;
        count_running(1);
        if (thread != process && scheduler_ == 0) scheduler_ = thread;
        look_for_loop(thread);
        // Its next call is stopped for after a first stop alone.
        ptrace(PTRACE_INTERRUPT, thread);
      });
      if (!complete && error == 0) error = ESRCH;
    }
    if (error == 0) set(table_.header.state, TracerState::kTracing);
    return error;
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
        stopped(static_cast<int>(thread), (status >> 8) & 0xff, status >> 16);
      } else {
        forget(static_cast<int>(thread));
        count_running(-1);
      }
    }
  }

  [[noreturn]] void finish(TracerState state, std::uint32_t error) {
    set(table_.header.error, error);
    set(table_.header.state, state);
    end(0);
  }

 protected:
  template <typename Type>
  static void set(Type& place, Type value) {
    __atomic_store(&place, &value, __ATOMIC_RELEASE);
  }

  void count_running(int change) {
    set(table_.header.running, table_.header.running + static_cast<std::uint32_t>(change));
  }

  /** Says that there is something new. Where the pipe is full, that was said already. */
  static void wake() {
    const char byte = 0;
    system_call(SYS_write, kWakeDescriptor, word(&byte), 1);
  }

  /** Lets a thread go on. It may have been killed meanwhile. */
  void resume(int thread, int signal) { ptrace(resume_request_, thread, 0, static_cast<unsigned long>(signal)); }

  void stopped(int thread, int signal, int event) {
    switch (event) {
      case PTRACE_EVENT_SECCOMP:
        called(thread);
        break;
      case PTRACE_EVENT_FORK:
      case PTRACE_EVENT_VFORK:
      case PTRACE_EVENT_CLONE:
        count_running(1);
        break;
      case PTRACE_EVENT_EXEC: {
        started_ = true;
        forget(thread);
        // A thread that is not the first takes over its number, and its own ends unreported.
        unsigned long former = 0;
        if (ptrace(PTRACE_GETEVENTMSG, thread, 0, &former) == 0 && static_cast<int>(former) != thread) {
          forget(static_cast<int>(former));
          count_running(-1);
        }
        break;
      }
      case PTRACE_EVENT_STOP:
        if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
          // Stays stopped, and its parent hears of it, as without a tracer.
          ptrace(PTRACE_LISTEN, thread);
          return;
        }
        // The first stop of a new thread, whose number another one may have had.
        if (process_ == 0)
          forget(thread);
        else
          wait_again(thread);
        break;
      case 0:
        if (signal == (SIGTRAP | 0x80)) {
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

  void called(int thread) {
    Call call;
    if (!read_call(thread, call)) return;
    if (process_ != 0) {
      call.data = phase() == kMuted ? 0 : data_of(call);
      note_loop(thread, call);
    }
    set(table_.header.stops, table_.header.stops + 1);
    if ((call.data & kDataMask) != 0) write_down(thread, call);
    if ((call.data & kLookAtPtrace) != 0) look_at_ptrace(thread, call);
    if ((call.data & kLookAtClone) != 0) keep_traced(thread, call);
  }

  void write_down(int thread, const Call& call) {
    const std::uint32_t program = started_ ? program_of(thread) : kStarting;
    const std::uint32_t data = call.data & kDataMask;
    const std::uint32_t origin = process_ == 0 ? 0 : origin_of(thread);
    auto& used = table_.header.entries;
    std::uint32_t hash =
        call.number * 0x9e3779b1U ^ (data * 0x85ebca6bU) ^ (program * 0xc2b2ae35U) ^ (origin * 0x27d4eb2fU) ^ call.arch;
    for (hash ^= hash >> 15;; ++hash) {
      auto& bucket = buckets_[hash % kBuckets];
      if (bucket == 0) {
        if (used == kMaxEntries) {
          set(table_.header.lost, table_.header.lost + 1);
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
        set(used, bucket);
        wake();
        return;
      }
      auto& entry = table_.entries[bucket - 1];
      if (entry.number == call.number && entry.arch == call.arch && entry.data == data && entry.program == program &&
          entry.origin == origin) {
        const std::uint64_t count = entry.count + 1;
        set(entry.count, count);
        // Who listens hears of loops as well, and not of each turn.
        if ((count & (count - 1)) == 0) wake();
        return;
      }
    }
  }

  std::uint32_t program_of(int thread) {
    auto& known = threads_[static_cast<std::uint32_t>(thread) % kKnownThreads];
    if (known.thread != thread) known = {thread, look_up_program(thread), process_ != 0 && is_of_process(thread)};
    return known.program;
  }

  void forget(int thread) {
    auto& known = threads_[static_cast<std::uint32_t>(thread) % kKnownThreads];
    if (known.thread == thread) known.thread = 0;
    if (loops_ != nullptr && loop_of(thread) == thread) loop_of(thread) = 0;
  }

  /** The data for a call of a process without the filter, which is run here. */
  [[nodiscard]] std::uint32_t data_of(const Call& call) const {
    seccomp_data data{static_cast<int>(call.number), call.arch, call.instruction_pointer, {}};
    for (int index = 0; index < 6; ++index) data.args[index] = call.args[index];
    const std::uint32_t action = run_filter(program_, data);
    return (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE ? action & SECCOMP_RET_DATA : 0;
  }

  [[nodiscard]] int& loop_of(int thread) const { return loops_[static_cast<std::uint32_t>(thread) % kKnownThreads]; }

  static bool waits_for_events(std::uint32_t number) {
    return number == SYS_epoll_pwait || number == SYS_epoll_create1
#if defined(__x86_64__)
           || number == SYS_epoll_wait
#endif
        ;
  }

  /** Notes that a thread has an event loop of its own, as those of workers and none of a pool. */
  void note_loop(int thread, const Call& call) const {
    constexpr auto kNative =
#if defined(__x86_64__)
        AUDIT_ARCH_X86_64;
#else
        AUDIT_ARCH_AARCH64;
#endif
    if (call.arch != kNative || !waits_for_events(call.number) || loop_of(thread) == thread) return;
    if (is_of_process(thread)) loop_of(thread) = thread;
  }

  /** The same for a thread that may be waiting already. */
  void look_for_loop(int thread) const {
    // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
    char text[64]{};
    read_of(thread, "/syscall", text, sizeof text - 1);
    std::uint32_t number = 0;
    std::size_t used = 0;
    for (; text[used] >= '0' && text[used] <= '9'; ++used)
      number = number * 10 + static_cast<std::uint32_t>(text[used] - '0');
    if (used > 0 && waits_for_events(number)) loop_of(thread) = thread;
  }

  [[nodiscard]] bool is_of_process(int thread) const {
    // Without "/proc/".
    return system_call(SYS_faccessat, tasks_, word(path_of(thread, "").text() + 6), 0) == 0;
  }

  /** Whose call it is, and in which phase. The thread was looked up by `program_of`. */
  [[nodiscard]] std::uint32_t origin_of(int thread) const {
    auto origin = Origin::kChild;
    if (thread == process_) {
      origin = Origin::kMainThread;
    } else if (loop_of(thread) == thread && thread != scheduler_) {
      origin = Origin::kWorker;
    } else if (threads_[static_cast<std::uint32_t>(thread) % kKnownThreads].is_of_process) {
      origin = Origin::kPool;
    }
    return static_cast<std::uint32_t>(origin) | phase() << kPhaseShift;
  }

  [[nodiscard]] std::uint32_t phase() const {
    std::uint32_t phase = 0;
    __atomic_load(&table_.header.phase, &phase, __ATOMIC_ACQUIRE);
    return phase;
  }

  std::uint32_t look_up_program(int thread) {
    TableProgram found{};
    const long length = system_call(SYS_readlinkat, -100, word(path_of(thread, "/exe").text()), word(found.path),
                                    sizeof found.path - 1);
    if (length <= 0) return kUnknownProgram;
    auto& used = table_.header.programs;
    for (std::uint32_t index = 0; index < used; ++index) {
      if (equal(table_.programs[index], found)) return index;
    }
    if (used == kMaxPrograms) return kUnknownProgram;
    table_.programs[used] = found;
    set(used, used + 1);
    return used - 1;
  }

  static bool equal(const TableProgram& a, const TableProgram& b) {
    for (std::size_t index = 0; index < sizeof a.path; ++index) {
      if (a.path[index] != b.path[index]) return false;
      if (a.path[index] == '\0') return true;
    }
    return true;
  }

  /** A process has one tracer. Where another is wanted, the program cannot do what it does without this one. */
  void look_at_ptrace(int thread, const Call& call) {
    const auto request = static_cast<long>(call.args[0]);
    if (request != PTRACE_TRACEME) {
      if (request != PTRACE_ATTACH && request != PTRACE_SEIZE) return;
      if (!is_traced(static_cast<int>(call.args[1]))) return;
    }
    auto& header = table_.header;
    header.request = static_cast<std::uint32_t>(request);
    header.thread = static_cast<std::uint32_t>(thread);
    header.program = started_ ? program_of(thread) : kStarting;
    // The kernel kills all that is traced, unless that ran before; then it lets it go.
    finish(TracerState::kContended, 0);
  }

  /** This process has no children, and is told of those alone that it traces. */
  static bool is_traced(int thread) {
    constexpr long kProcess = 1;
    return system_call(SYS_waitid, kProcess, thread, 0, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL, 0) >= 0;
  }

  /** Takes CLONE_UNTRACED back: the calls of what is started would fail for want of a tracer. */
  static void keep_traced(int thread, const Call& call) {
    const unsigned long flags = call.args[0] & ~static_cast<unsigned long>(CLONE_UNTRACED);
#if defined(__x86_64__)
    const auto offset = call.arch == AUDIT_ARCH_X86_64 ? offsetof(Registers, rdi) : offsetof(Registers, rbx);
    ptrace(PTRACE_POKEUSR, thread, offset, flags);
#else
    union {
      Registers wide;
      Registers32 narrow;
    } registers;
    iovec buffer{&registers, sizeof registers};
    if (ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &buffer) < 0) return;
    if (buffer.iov_len == sizeof(Registers32)) {
      registers.narrow.r[0] = static_cast<std::uint32_t>(flags);
    } else {
      registers.wide.x[0] = flags;
    }
    ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &buffer);
#endif
  }

#if defined(__x86_64__)
  /**
   * A signal that a process ignores does not even wake it; one that is traced is woken, so that its tracer can see the
   * signal. Calls that are made again afterwards tell nothing of that. Those that are not, such as epoll_wait, would
   * end with EINTR: they are made again too, and the signal is dropped here instead of there.
   */
  static bool is_harmless_interruption(int thread, int signal) {
    constexpr long kRestart = -513;  // ERESTARTNOINTR of the kernel.
    long result = 0;
    long number = -1;
    if (ptrace(PTRACE_PEEKUSR, thread, offsetof(Registers, rax), &result) < 0 || result != -EINTR) return false;
    if (ptrace(PTRACE_PEEKUSR, thread, offsetof(Registers, orig_rax), &number) < 0 || number < 0) return false;
    if (!is_ignored(thread, signal)) return false;
    return ptrace(PTRACE_POKEUSR, thread, offsetof(Registers, rax), static_cast<unsigned long>(kRestart)) == 0;
  }
#else
  /** The kernel has decided by now whether the call is made again, and has forgotten its first argument. */
  static bool is_harmless_interruption(int, int) { return false; }
#endif

  /** A first stop ends a call such as epoll_wait with EINTR: it is made again, unless a signal is there as well. */
  void wait_again(int thread) const {
#if defined(__x86_64__)
    constexpr int kNoSignal = 0;
    is_harmless_interruption(thread, kNoSignal);
#else
    static_cast<void>(thread);
#endif
  }

  /** Whether a thread ignores a signal, or there is none, and no other one waits to interrupt it. */
  static bool is_ignored(int thread, int signal) {
    // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
    char text[4096];
    const auto size = read_of(thread, "/status", text, sizeof text);
    const auto pending = mask(text, size, "SigPnd") | mask(text, size, "ShdPnd");
    if ((pending & ~mask(text, size, "SigBlk")) != 0) return false;
    if (signal == 0) return size > 0;
    const auto bit = 1UL << (signal - 1);
    if ((mask(text, size, "SigIgn") & bit) != 0) return true;
    const bool by_default = signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH;
    return by_default && size > 0 && (mask(text, size, "SigCgt") & bit) == 0;
  }

  /** The hexadecimal number behind a name of six letters, a colon and a tab at the beginning of a line. */
  static std::uint64_t mask(const char* text, std::size_t size, const char* name) {
    for (std::size_t start = 0; start + 8 < size; ++start) {
      if (start > 0 && text[start - 1] != '\n') continue;
      std::size_t letter = 0;
      // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): read(2) wrote it.
      while (letter < 6 && text[start + letter] == name[letter]) ++letter;
      if (letter < 6) continue;
      std::uint64_t value = 0;
      for (std::size_t at = start + 8; at < size && text[at] != '\n'; ++at) {
        const char digit = text[at];
        value = value * 16 + static_cast<std::uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
      }
      return value;
    }
    return 0;
  }

  Table& table_;
  /** By hash: the number of an entry, from 1. */
  std::uint32_t* buckets_;
  KnownThread* threads_;
  /** Whether the first process has become the command. */
  bool started_ = false;
  /** With what a thread goes on: to its next stop by the filter, or by a call. */
  long resume_request_ = PTRACE_CONT;
  // For a process that runs already: its number, 0 for none, /proc/PID/task and what is run at every call.
  int process_ = 0;
  int tasks_ = -1;
  FilterProgram program_;
  /** The thread of Node that has an event loop and is no worker: the first that it starts. */
  int scheduler_ = 0;
  /** Threads with event loops, by their numbers. */
  int* loops_ = nullptr;
};

}  // namespace

}  // namespace seccomp_node

#include "recorder.h"

namespace seccomp_node {

namespace {

/** read(2) or write(2) of a number, whole. */
bool transfer(long number, int* value) {
  for (;;) {
    const long count = system_call(number, kTraceeDescriptor, word(value), sizeof *value);
    if (count != -EINTR) return count == sizeof *value;
  }
}

/** Says how it went to trace a process, and follows it until nothing is left of it. */
template <typename AnyTracer>
[[noreturn]] void follow(AnyTracer& tracer, long seized) {
  int error = static_cast<int>(seized);
  transfer(SYS_write, &error);
  system_call(SYS_close, kTraceeDescriptor);
  if (error != 0) tracer.finish(TracerState::kFailed, static_cast<std::uint32_t>(error));
  tracer.run();
  end(0);
}

}  // namespace

extern "C" [[noreturn]] __attribute__((used)) void trace() {
  // No signal but SIGKILL is for the tracer, whoever sends it to a group or to all processes.
  const std::uint64_t all = ~0UL;
  system_call(SYS_rt_sigprocmask, SIG_SETMASK, word(&all), 0, sizeof all);
  system_call(SYS_prctl, PR_SET_NAME, word("seccomp-tracer"));
  system_call(SYS_prctl, PR_SET_DUMPABLE, 0);
  const long mapped = system_call(SYS_mmap, 0, kTableSize, PROT_READ | PROT_WRITE, MAP_SHARED, kTableDescriptor, 0);
  int process = 0;
  if (mapped < 0 || !transfer(SYS_read, &process)) end(1);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as numbers.
  auto& table = *reinterpret_cast<Table*>(mapped);
  if (table.header.records != 0) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    Recorder recorder(table, *reinterpret_cast<RecordingPart*>(mapped + static_cast<long>(kRecordingOffset)));
    follow(recorder, recorder.seize(process));
  }
  Tracer tracer(table);
  follow(tracer, process < 0 ? tracer.seize_running(-process) : tracer.seize(process));
}

}  // namespace seccomp_node
