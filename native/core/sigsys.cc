#include "sigsys.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <mutex>
#include <string_view>

#include "../freestanding/native_arch.h"
#include "raw_syscall.h"
#include "ring_emulation.h"

// Not in every C library's <signal.h>.
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

namespace seccomp_node {

namespace {

constexpr std::uint32_t kMaxErrno = 4095;

// The data of the handler. It may run on any thread at any time, even after the listener has ended, so this is never
// freed.

ViolationLog log;
std::atomic<bool> listening{false};
/** Whether the listener was notified of records that it has not taken yet. */
std::atomic<bool> told{false};
/** A pipe to notify the listener; both ends stay open, so that a late write does not reach another file. */
std::array<int, 2> wake_pipe{-1, -1};
std::atomic<const std::string*> call_names{nullptr};
/** What SIGSYS did before. */
struct sigaction previous {};

#if defined(__x86_64__)
constexpr int kSyscallInstruction = 2;

std::array<std::uint64_t, 6> arguments(const mcontext_t& context, std::uint32_t arch) {
  const auto value = [&](int index) { return static_cast<std::uint64_t>(context.gregs[index]); };
  if (arch != AUDIT_ARCH_I386) {
    return {value(REG_RDI), value(REG_RSI), value(REG_RDX), value(REG_R10), value(REG_R8), value(REG_R9)};
  }
  const auto word = [&](int index) { return value(index) & 0xffffffffU; };
  return {word(REG_RBX), word(REG_RCX), word(REG_RDX), word(REG_RSI), word(REG_RDI), word(REG_RBP)};
}
void set_result(mcontext_t& context, long result) { context.gregs[REG_RAX] = result; }
void repeat_call(mcontext_t& context) { context.gregs[REG_RIP] -= kSyscallInstruction; }
#elif defined(__aarch64__)
constexpr int kSyscallInstruction = 4;

std::array<std::uint64_t, 6> arguments(const mcontext_t& context, std::uint32_t /*arch*/) {
  const auto& value = context.regs;
  return {value[0], value[1], value[2], value[3], value[4], value[5]};
}
void set_result(mcontext_t& context, long result) { context.regs[0] = static_cast<std::uint64_t>(result); }
void repeat_call(mcontext_t& context) { context.pc -= kSyscallInstruction; }
#else
#error "no registers for this architecture"
#endif

/**
 * The errno of a TRAP without data: EPERM, but ENOSYS for calls that libraries try before an older one. These numbers
 * are the same everywhere.
 */
std::uint32_t default_error(std::uint32_t number) {
  switch (number & ~kX32Bit) {
    case SYS_io_uring_setup:
    case SYS_io_uring_enter:
    case SYS_io_uring_register:
    case SYS_clone3:
      return ENOSYS;
    default:
      return EPERM;
  }
}

std::uint32_t error_of(std::uint32_t data, std::uint32_t number) {
  if (data == 0 || data == kTrapRingWait) return default_error(number);
  return data < kMaxErrno ? data : kMaxErrno;
}

ThreadName name_of_thread() {
  ThreadName name{};
  raw_syscall(SYS_prctl, PR_GET_NAME, reinterpret_cast<long>(name.data()));
  return name;
}

void report(const RefusedCall& call) {
  log.record(call, name_of_thread);
  if (told.exchange(true)) return;
  const char byte = 0;
  // If a filter refuses even this write, the listener sees the record when it stops.
  if (raw_syscall(SYS_write, wake_pipe[1], reinterpret_cast<long>(&byte), 1) != 1) told.store(false);
}

/** A line of text that is formatted without allocating. */
class Line {
 public:
  Line& operator<<(std::string_view text) {
    for (const char character : text) {
      if (length_ < text_.size()) text_[length_++] = character;
    }
    return *this;
  }
  Line& number(std::uint64_t value, int base) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
    return *this << std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data()));
  }
  [[nodiscard]] std::string_view text() const { return {text_.data(), length_}; }

 private:
  std::array<char, 512> text_{};
  std::size_t length_ = 0;
};

/** The name of a call, empty if it is unknown. */
std::string_view call_name(const RefusedCall& call) {
  const auto* names = call_names.load(std::memory_order_acquire);
  if (names == nullptr) return {};
  Line key;
  (key << "\n").number(call.arch, 16) << " ";
  key.number(call.number, 10) << " ";
  const std::string_view all(*names);
  const auto found = all.find(key.text());
  if (found == std::string_view::npos) return {};
  const auto rest = all.substr(found + key.text().size());
  return rest.substr(0, rest.find('\n'));
}

void say_last_words(const RefusedCall& call) {
  Line line;
  line << "seccomp: ";
  const auto name = call_name(call);
  if (name.empty()) {
    (line << "call ").number(call.number, 10) << " of architecture 0x";
    line.number(call.arch, 16);
  } else {
    line << name;
  }
  std::string_view separator = "(0x";
  for (const auto argument : call.args) {
    (line << separator).number(argument, 16);
    separator = ", 0x";
  }
  (line << ") by thread ").number(call.thread_id, 10) << " (" << name_of_thread().data() << ") at 0x";
  line.number(call.instruction_pointer, 16) << " is forbidden: the process ends\n";
  raw_syscall(SYS_write, STDERR_FILENO, reinterpret_cast<long>(line.text().data()),
              static_cast<long>(line.text().size()));
}

/** Restores the default action of SIGSYS, which ends the process. */
void set_default_action() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  // If the default action cannot be restored, the process must still end.
  if (sigaction(SIGSYS, &action, nullptr) != 0) __builtin_trap();
}

/** A SIGSYS that no filter caused is passed to the previous handler. */
void pass_on(int signal, siginfo_t* info, void* context) {
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler == SIG_DFL) {
    set_default_action();
    raw_syscall(SYS_tgkill, raw_syscall(SYS_getpid), raw_syscall(SYS_gettid), SIGSYS);
  } else if (previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  }
}

/** Only calls async-signal-safe functions, and preserves errno. */
void on_sigsys(int signal, siginfo_t* info, void* context) {
  if (info->si_code != SYS_SECCOMP) {
    pass_on(signal, info, context);
    return;
  }
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext;
  const auto number = static_cast<std::uint32_t>(info->si_syscall);
  const auto data = static_cast<std::uint32_t>(info->si_errno);
  const auto args = arguments(registers, info->si_arch);
  if (data == kTrapRingWait && number == SYS_io_uring_enter && info->si_arch == kNativeArch && is_ring_wait(args)) {
    set_result(registers, emulate_ring_enter(args));
    return;
  }
  const auto error = error_of(data, number);
  const bool die = data == kTrapAndDie;
  // A call of this handler itself can be refused too; it must not be reported by another one.
  if ((die || listening.load(std::memory_order_acquire)) && !is_raw_syscall(info->si_call_addr)) {
    const RefusedCall call{info->si_arch,
                           number,
                           error,
                           static_cast<std::uint32_t>(raw_syscall(SYS_gettid)),
                           reinterpret_cast<std::uintptr_t>(info->si_call_addr),
                           args};
    if (die) {
      say_last_words(call);
      set_default_action();
      // The kernel refuses it again and kills the process, with a core dump at the call.
      repeat_call(registers);
      return;
    }
    report(call);
  }
  set_result(registers, -static_cast<long>(error));
}

// State that listeners change, one at a time.

std::mutex control;
Listening owner = nullptr;
bool installed = false;
bool serving_rings = false;

bool is_current() {
  struct sigaction current {};
  return sigaction(SIGSYS, nullptr, &current) == 0 && (current.sa_flags & SA_SIGINFO) != 0 &&
         current.sa_sigaction == on_sigsys;
}

Status install() {
  if (is_current()) return kDone;
  // A handler that has replaced ours may call ours, so ours always passes signals on to the one it replaced first.
  if (!installed && sigaction(SIGSYS, nullptr, &previous) != 0) return Failure{"sigaction", errno};
  struct sigaction action {};
  action.sa_sigaction = on_sigsys;
  // SIGSYS is not blocked in its handler: otherwise a refused call of the handler would end the process.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGSYS, &action, nullptr) != 0) return Failure{"sigaction", errno};
  installed = true;
  return kDone;
}

/** A copy of the reading end for the listener. */
Result<std::int32_t> reading_end() {
  if (wake_pipe[0] < 0 && pipe2(wake_pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) return Failure{"pipe2", errno};
  const int copy = fcntl(wake_pipe[0], F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return Failure{"fcntl", errno};
  return copy;
}

}  // namespace

Result<std::int32_t> listen_to_violations(Listening listener, const std::string& names) {
  const std::scoped_lock lock(control);
  if (owner != nullptr) return Failure{"sigaction", EBUSY};
  auto descriptor = reading_end();
  if (descriptor.failure() != nullptr) return descriptor;
  // Never freed, because a handler may be reading it.
  if (call_names.load() == nullptr) call_names.store(new std::string(names), std::memory_order_release);
  if (const auto failed = install()) {
    close(descriptor.value());
    return *failed;
  }
  log.clear();
  told.store(false);
  owner = listener;
  listening.store(true, std::memory_order_release);
  return descriptor;
}

std::vector<Violation> take_violations(Listening listener) {
  const std::scoped_lock lock(control);
  if (owner == nullptr || owner != listener) return {};
  // Cleared first, so that later records cause a new notification. An exchange also makes earlier records visible.
  told.exchange(false);
  return log.take();
}

std::uint64_t dropped_violations(Listening listener) {
  const std::scoped_lock lock(control);
  return owner != nullptr && owner == listener ? log.dropped() : 0;
}

std::uint64_t stop_listening(Listening listener) {
  const std::scoped_lock lock(control);
  if (owner == nullptr || owner != listener) return 0;
  listening.store(false);
  owner = nullptr;
  auto dropped = log.dropped();
  for (const auto& violation : log.take()) dropped += violation.count;
  return dropped;
}

void stop_handling_traps() {
  const std::scoped_lock lock(control);
  if (owner == nullptr && !serving_rings && installed && is_current() && sigaction(SIGSYS, &previous, nullptr) == 0)
    installed = false;
}

Status serve_rings() {
  const std::scoped_lock lock(control);
  if (const auto failed = prepare_ring_emulation()) return failed;
  if (const auto failed = install()) return failed;
  serving_rings = true;
  return kDone;
}

bool handles_traps() { return is_current(); }

}  // namespace seccomp_node
