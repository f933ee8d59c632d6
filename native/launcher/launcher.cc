// The program between the parent and a sandboxed child: it isolates itself from the parent, loads the filter in its own
// image and executes the command. It has no libc and no variables; under the filter, execve is its only system call. A
// second thread, which the filter does not cover, sends a listener to the parent.
#include <fcntl.h>
#include <features.h>
#include <linux/errno.h>
#include <linux/filter.h>
#include <linux/limits.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cstddef>
#include <ctime>

#include "../freestanding/system_call.h"
#include "isolation.h"
#include "orders.h"
#include "ring_filter.h"

/** The address of the appended orders in the linker script. */
extern "C" __attribute__((visibility("hidden"))) const seccomp_node::Orders orders;

namespace seccomp_node {

namespace {

#if defined(__x86_64__)

// On entry the stack pointer points to argc.
asm(".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  mov %rsp, %rdi\n"
    "  and $-16, %rsp\n"
    "  call launch\n"
    "  ud2\n"
    // clone(flags, stack); the thread continues in hand_over.
    "start_thread:\n"
    "  mov %rdx, %r9\n"
    "  xor %edx, %edx\n"
    "  xor %r10d, %r10d\n"
    "  xor %r8d, %r8d\n"
    "  mov $56, %eax\n"
    "  syscall\n"
    "  test %rax, %rax\n"
    "  jnz 1f\n"
    "  xor %ebp, %ebp\n"
    "  mov %r9, %rdi\n"
    "  call hand_over\n"
    "  ud2\n"
    "1: ret\n");

#elif defined(__aarch64__)

// On entry the stack pointer points to argc.
asm(".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x30, #0\n"
    "  mov x0, sp\n"
    "  bl launch\n"
    "  brk #1000\n"
    // clone(flags, stack); the thread continues in hand_over.
    "start_thread:\n"
    "  mov x9, x2\n"
    "  mov x2, #0\n"
    "  mov x3, #0\n"
    "  mov x4, #0\n"
    "  mov x8, #220\n"
    "  svc #0\n"
    "  cbnz x0, 1f\n"
    "  mov x29, #0\n"
    "  mov x30, #0\n"
    "  mov x0, x9\n"
    "  bl hand_over\n"
    "  brk #1000\n"
    "1: ret\n");

#else
#error "no system calls for this architecture"
#endif

/** `system_call` with the signature that isolation.h and ring_filter.h expect. */
long call_four(long number, long a, long b, long c, long d) { return system_call(number, a, b, c, d); }

std::size_t length(const char* text) {
  std::size_t count = 0;
  while (text[count] != '\0') ++count;
  return count;
}

/** The length up to a colon or the end. */
std::size_t element_length(const char* path) {
  std::size_t count = 0;
  while (path[count] != '\0' && path[count] != ':') ++count;
  return count;
}

/** The command as the parent started it: the file, then the arguments from argv[0] on, and the environment. */
struct Command {
  const char* file;
  char** arguments;
  std::size_t count;
  char** environment;
};

/** The directories that execvp(3) of Node's C library searches without PATH. */
#ifdef __GLIBC__
constexpr const char* kDefaultPath = "/bin:/usr/bin";
#else
constexpr const char* kDefaultPath = "/usr/local/bin:/bin:/usr/bin";
#endif

const char* search_path(char** environment) {
  for (; *environment != nullptr; ++environment) {
    const char* entry = *environment;
    if (entry[0] == 'P' && entry[1] == 'A' && entry[2] == 'T' && entry[3] == 'H' && entry[4] == '=') return entry + 5;
  }
  return kDefaultPath;
}

/** execve(2), which returns an errno or does not return. */
long execute(const char* path, const Command& command) {
  const long error = -system_call(SYS_execve, word(path), word(command.arguments), word(command.environment));
#ifdef __GLIBC__
  if (error == ENOEXEC) {
    // glibc's execvp(3) runs a file without a known format as a shell script.
    static constexpr const char* kShell = "/bin/sh";
    auto* arguments = static_cast<const char**>(__builtin_alloca((command.count + 3) * sizeof(char*)));
    std::size_t used = 0;
    arguments[used++] = kShell;
    arguments[used++] = path;
    for (std::size_t index = 1; index < command.count; ++index) arguments[used++] = command.arguments[index];
    arguments[used] = nullptr;
    return -system_call(SYS_execve, word(kShell), word(arguments), word(command.environment));
  }
#endif
  return error;
}

/** Whether execvp(3) continues with the next directory. */
bool try_next(long error) {
  return error == EACCES || error == ENOENT || error == ENOTDIR || error == ESTALE || error == ENODEV ||
         error == ETIMEDOUT;
}

/** execvp(3) by its only system call: returns the errno that it would set. */
long execute_in_path(const Command& command) {
  const auto file_length = length(command.file);
  for (std::size_t index = 0; index < file_length; ++index) {
    if (command.file[index] == '/') return execute(command.file, command);
  }
  if (file_length == 0) return ENOENT;
  if (file_length > NAME_MAX) return ENAMETOOLONG;
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  char path[PATH_MAX + NAME_MAX + 2];
  bool denied = false;
  long error = ENOENT;
  for (const char* directory = search_path(command.environment);; ++directory) {
    const auto directory_length = element_length(directory);
    if (directory_length < PATH_MAX) {
      std::size_t used = 0;
      while (used < directory_length) {
        path[used] = directory[used];
        ++used;
      }
      if (used > 0) path[used++] = '/';
      for (std::size_t index = 0; index <= file_length; ++index) path[used++] = command.file[index];
      error = execute(path, command);
      if (!try_next(error)) return error;
      denied = denied || error == EACCES;
    }
    directory += directory_length;
    if (*directory == '\0') break;
  }
  return denied ? EACCES : error;
}

constexpr int kUnknown = -1;

/** Memory through which the two threads communicate, because the filter may refuse any call. */
struct Handover {
  /** The socket for the listener. */
  int socket;
  /** The listener; kUnknown before it exists. */
  int listener;
  /** The result: kUnknown, 0 or a positive errno. */
  int outcome;
};

/** Hints to the processor that this thread spins. */
void pause() {
#if defined(__x86_64__)
  asm volatile("pause");
#elif defined(__aarch64__)
  asm volatile("yield");
#else
#error "no hint for this architecture"
#endif
}

/** sendmsg(2) with one byte, and a descriptor. Returns -errno on failure. */
long send_descriptor(int socket, int descriptor) {
  char byte = 0;
  iovec data{&byte, 1};
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  auto& header = *reinterpret_cast<cmsghdr*>(control);
  header.cmsg_len = CMSG_LEN(sizeof(int));
  header.cmsg_level = SOL_SOCKET;
  header.cmsg_type = SCM_RIGHTS;
  *reinterpret_cast<int*>(CMSG_DATA(&header)) = descriptor;
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  return system_call(SYS_sendmsg, socket, word(&message), MSG_NOSIGNAL);
}

/** seccomp(2). Returns -errno on failure, the listener if there is one. */
long load(sock_filter* instructions, std::uint32_t count, std::uint32_t flags) {
  const sock_fprog program{static_cast<unsigned short>(count), instructions};
  return system_call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, static_cast<long>(flags), word(&program));
}

/** Lets a tracer attach to this process, even if it is not an ancestor. Returns the errno of the tracer. */
long wait_for_tracer(long socket, std::uint32_t tracer) {
  // Lets the tracer attach if the kernel has Yama.
  system_call(SYS_prctl, PR_SET_PTRACER, tracer);
  int message = static_cast<int>(system_call(SYS_getpid));
  if (system_call(SYS_write, socket, word(&message), sizeof message) != sizeof message) return EPIPE;
  if (system_call(SYS_read, socket, word(&message), sizeof message) != sizeof message) return ESRCH;
  system_call(SYS_prctl, PR_SET_PTRACER, 0);
  return message;
}

/** Whether the other end of a pipe or a socket is closed. */
bool is_hung_up(long descriptor) {
  pollfd entry{static_cast<int>(descriptor), 0, 0};
  const timespec now{0, 0};
  system_call(SYS_ppoll, word(&entry), 1, word(&now), 0, 0);
  return (entry.revents & (POLLERR | POLLHUP)) != 0;
}

/** Whether the parent ended before this process requested a signal for that. */
bool is_orphan(long first) {
  const long parent = system_call(SYS_getppid);
  if (parent == static_cast<long>(orders.parent)) return false;
  // A parent outside of this PID namespace has the id 0. If it waits for the command, it has the other end of `held`.
  const bool is_awaited = orders.descriptors - (orders.tracer != 0 ? 1U : 0U) > 2;
  return parent != 0 || (is_awaited && is_hung_up(first + 2));
}

/** Ends the process: by an invalid instruction if no system call is allowed. */
[[noreturn]] void end() {
  system_call(SYS_exit_group, 127);
  __builtin_trap();
}

/** Ends the process if a step failed. Each step is reported before it begins: after execve it would be too late. */
void settle(volatile Report& report, long error) {
  if (error == 0) return;
  report.error = static_cast<std::uint32_t>(error);
  end();
}

}  // namespace

/** The main function of the second thread, which ends with execve at the latest. */
extern "C" [[noreturn]] __attribute__((used)) void hand_over(Handover* handover) {
  int listener = kUnknown;
  while ((listener = __atomic_load_n(&handover->listener, __ATOMIC_ACQUIRE)) == kUnknown) system_call(SYS_sched_yield);
  const long sent = send_descriptor(handover->socket, listener);
  // If the command inherited the listener, its notified calls would wait forever once the parent ends.
  system_call(SYS_close, listener);
  __atomic_store_n(&handover->outcome, sent < 0 ? static_cast<int>(-sent) : 0, __ATOMIC_RELEASE);
  for (;;) system_call(SYS_exit, 0);
}

/** clone(2); `stack` is the upper end of the thread's stack. */
extern "C" long start_thread(unsigned long flags, void* stack, Handover* handover);

/** `stack` is the initial stack: argc, argv, a null pointer, the environment. */
extern "C" [[noreturn]] __attribute__((used)) void launch(long* stack) {
  auto** const words = reinterpret_cast<char**>(stack + 1);
  const auto count = static_cast<std::size_t>(stack[0]);
  const auto first = static_cast<long>(orders.first_descriptor);
  const long mapped = system_call(SYS_mmap, 0, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED, first + 1, 0);
  if (count < 2 || mapped < 0) end();
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as numbers.
  auto& report = *reinterpret_cast<volatile Report*>(mapped);
  report.step = Step::kDescriptors;
  // Close-on-exec instead of closed: the end of the pipe tells the parent that the command runs or failed to start.
  if (orders.only_stdio != 0) {
    settle(report, close_on_exec_from<call_four>(first));
  } else {
    for (long own = first; own < first + static_cast<long>(orders.descriptors); ++own) {
      settle(report, -system_call(SYS_fcntl, own, F_SETFD, FD_CLOEXEC));
    }
  }
  // A process that leads its session was detached by its parent.
  bool leaves = orders.leave_terminal != 0 && !leads_session<call_four>() && !has_terminal_before<call_four>(first);
  if (leaves) {
    report.step = Step::kSession;
    leaves = !give_up_terminal<call_four>();
    // There may be no usable /dev/tty, for example after chroot(2).
    const long session = leaves ? system_call(SYS_setsid) : 0;
    settle(report, session < 0 ? -session : 0);
  }
  if (orders.parent != 0 && (leaves || orders.end_with_parent != 0)) {
    // SIGKILL ends even a stopped process.
    constexpr long kSighup = 1;
    constexpr long kSigkill = 9;
    system_call(SYS_prctl, PR_SET_PDEATHSIG, orders.end_with_parent != 0 ? kSigkill : kSighup);
    if (is_orphan(first)) end();
  }
  if (orders.no_new_privs != 0) {
    report.step = Step::kNoNewPrivs;
    settle(report, -system_call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1));
  }
  if (orders.tracer != 0) {
    report.step = Step::kTrace;
    settle(report, wait_for_tracer(first + static_cast<long>(orders.descriptors) - 1, orders.tracer));
  }
  // The kernel only reads through this pointer.
  auto* const layer = const_cast<sock_filter*>(reinterpret_cast<const sock_filter*>(&orders + 1));
  if (orders.layer_instructions > 0) {
    report.step = Step::kLayer;
    settle(report, -load(layer, orders.layer_instructions, 0));
  }
  report.step = Step::kDomain;
  settle(report, enter_domain<call_four>(static_cast<Domain>(orders.domain)));
  report.step = Step::kRings;
  settle(report, filter_operations<call_four>(orders.ring_verdicts, orders.ring_operations));
  const bool listen = (orders.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
  Handover handover{static_cast<int>(first) + 2, kUnknown, kUnknown};
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  alignas(16) char stack_of_thread[4096];
  if (listen) {
    report.step = Step::kHelper;
    constexpr unsigned long kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    const long thread = start_thread(kThread, stack_of_thread + sizeof stack_of_thread, &handover);
    settle(report, thread < 0 ? -thread : 0);
  }
  const Command command{words[0], words + 1, count - 1, words + count + 1};
  long loaded = 0;
  if (orders.instructions > 0) {
    report.step = Step::kFilter;
    loaded = load(layer + orders.layer_instructions, orders.instructions, orders.flags);
    settle(report, loaded < 0 ? -loaded : 0);
  }
  if (listen) {
    report.step = Step::kHandOver;
    __atomic_store_n(&handover.listener, static_cast<int>(loaded), __ATOMIC_RELEASE);
    int outcome = kUnknown;
    while ((outcome = __atomic_load_n(&handover.outcome, __ATOMIC_ACQUIRE)) == kUnknown) pause();
    settle(report, outcome);
  }
  report.step = Step::kExecute;
  settle(report, execute_in_path(command));
  end();
}

}  // namespace seccomp_node
