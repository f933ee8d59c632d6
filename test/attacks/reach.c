// Tries every known way to reach another process: `reach attack PID ADDRESS SOCKET NAME...` prints a line for each name
// with its errno, 0 if it worked, or -1 if it cannot be tried. None does any harm. `reach serve SOCKET` listens on an
// abstract socket, `reach leak COMMAND...` passes an inheritable descriptor to a command, `reach terminal COMMAND...`
// runs one on a new terminal, and `reach master COMMAND...` one whose standard input is the master of another session's
// terminal.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

// A handler of the victim counts this signal; without a handler it has no effect.
#define SIGNAL SIGWINCH
#define CANNOT_TRY -1

static pid_t victim;
static uintptr_t address;
static const char* abstract_name;

static int outcome(long answer) { return answer < 0 ? errno : 0; }

/** Opens /proc/PID/NAME of the victim. */
static int open_proc(const char* name, int flags) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", victim, name);
  return open(path, flags | O_CLOEXEC);
}

/** Reads the first bytes of a file of the victim. */
static int read_proc(const char* name) {
  char byte;
  const int file = open_proc(name, O_RDONLY);
  if (file < 0) return errno;
  const int result = outcome(read(file, &byte, 1));
  close(file);
  return result;
}

static int link_proc(const char* name) {
  char path[64], target[64];
  snprintf(path, sizeof path, "/proc/%d/%s", victim, name);
  return outcome(readlink(path, target, sizeof target));
}

static int mem_file(void) {
  uint64_t word = 0;
  const int file = open_proc("mem", O_RDWR);
  if (file < 0) return errno;
  int result = outcome(pread(file, &word, sizeof word, (off_t)address));
  // Writes the same value again.
  if (result == 0) result = outcome(pwrite(file, &word, sizeof word, (off_t)address));
  close(file);
  return result;
}

static int vm_read(void) {
  uint64_t word;
  const struct iovec here = {&word, sizeof word}, there = {(void*)address, sizeof word};
  return outcome(process_vm_readv(victim, &here, 1, &there, 1, 0));
}

static int vm_write(void) {
  // The first word of the heap is unused, and zero.
  uint64_t word = 0;
  const struct iovec here = {&word, sizeof word}, there = {(void*)address, sizeof word};
  return outcome(process_vm_writev(victim, &here, 1, &there, 1, 0));
}

static int seize(void) {
  const int result = outcome(ptrace(PTRACE_SEIZE, victim, 0, 0));
  if (result == 0) {
    // Only a stopped thread can be detached.
    ptrace(PTRACE_INTERRUPT, victim, 0, 0);
    waitpid(victim, NULL, __WALL);
    ptrace(PTRACE_DETACH, victim, 0, 0);
  }
  return result;
}

static int attach(void) {
  const int result = outcome(ptrace(PTRACE_ATTACH, victim, 0, 0));
  if (result == 0) {
    waitpid(victim, NULL, __WALL);
    ptrace(PTRACE_DETACH, victim, 0, 0);
  }
  return result;
}

static int pidfd(void) { return (int)syscall(434 /* pidfd_open */, victim, 0); }

static int get_descriptor(void) {
  const int file = pidfd();
  return file < 0 ? errno : outcome(syscall(438 /* pidfd_getfd */, file, 1, 0));
}

static int robust_list(void) {
  void* head;
  size_t size;
  return outcome(syscall(SYS_get_robust_list, victim, &head, &size));
}

static int move_pages(void) {
  void* page = (void*)(address & ~(uintptr_t)4095);
  int status;
  return outcome(syscall(SYS_move_pages, victim, 1UL, &page, NULL, &status, 0));
}

static siginfo_t queued(void) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = SIGNAL;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  return info;
}

static int signal_kill(void) { return outcome(kill(victim, SIGNAL)); }
static int signal_zero(void) { return outcome(kill(victim, 0)); }
static int signal_tkill(void) { return outcome(syscall(SYS_tkill, victim, SIGNAL)); }
static int signal_tgkill(void) { return outcome(syscall(SYS_tgkill, victim, victim, SIGNAL)); }
static int signal_queue(void) {
  siginfo_t info = queued();
  return outcome(syscall(SYS_rt_sigqueueinfo, victim, SIGNAL, &info));
}
static int signal_thread_queue(void) {
  siginfo_t info = queued();
  return outcome(syscall(SYS_rt_tgsigqueueinfo, victim, victim, SIGNAL, &info));
}
static int signal_pidfd(void) {
  const int file = pidfd();
  return file < 0 ? errno : outcome(syscall(424 /* pidfd_send_signal */, file, SIGNAL, NULL, 0));
}

/** Makes the kernel signal the owner of a descriptor. Only the victim can tell whether the signal came. */
static int signal_owner(void) {
  int ends[2];
  char byte = 0;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return CANNOT_TRY;
  if (fcntl(ends[0], F_SETOWN, victim) != 0) return errno;
  if (fcntl(ends[0], F_SETSIG, SIGNAL) != 0 || fcntl(ends[0], F_SETFL, O_ASYNC) != 0) return errno;
  return outcome(write(ends[1], &byte, 1));
}

/** Signals the whole group of the victim. Only the victim can tell whether the signal came. */
static int signal_group(void) {
  signal(SIGNAL, SIG_IGN);
  return outcome(kill(0, SIGNAL));
}

static struct sockaddr_un abstract_address(socklen_t* length) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  const size_t size = strlen(abstract_name);
  memcpy(name.sun_path + 1, abstract_name, size);
  *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size);
  return name;
}

static int connect_abstract(void) {
  socklen_t length;
  const struct sockaddr_un name = abstract_address(&length);
  return outcome(connect(socket(AF_UNIX, SOCK_STREAM, 0), (const struct sockaddr*)&name, length));
}

static int serve_abstract(void) {
  socklen_t length;
  const struct sockaddr_un name = abstract_address(&length);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (const struct sockaddr*)&name, length) != 0 || listen(listener, 16) != 0) return 1;
  puts("ready");
  fflush(stdout);
  for (;;) close(accept(listener, NULL, NULL));
}

/** Looks for descriptors after the standard ones. */
static int leaked(void) {
  for (int number = 3; number < 1024; number++)
    if (fcntl(number, F_GETFD) >= 0) return 0;
  return EBADF;
}

#if defined(__x86_64__)
/** A call by the 32-bit interface, whose pointers must be below 4 GiB. */
static long call32(long number, long a, long b, long c, long d) {
  register long r8 asm("r8") = 0;
  long answer;
  asm volatile("int $0x80"
               : "=a"(answer), "+r"(r8)
               : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d)
               : "memory", "r9", "r10", "r11");
  answer = (int)answer;
  if (answer >= 0) return answer;
  errno = (int)-answer;
  return -1;
}
#define X32 0x40000000L
#endif

/** The victim's own limits, so that setting them changes nothing, at an address that every interface can use. */
static struct rlimit* same_limits(void) {
#if defined(__x86_64__)
  const int low = MAP_32BIT;
#else
  const int low = 0;
#endif
  struct rlimit* limits =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | low, -1, 0);
  if (limits == MAP_FAILED || syscall(SYS_prlimit64, victim, RLIMIT_CORE, NULL, limits) != 0) return NULL;
  return limits;
}

static int limit_by(int interface) {
  struct rlimit* limits = same_limits();
  if (limits == NULL) return CANNOT_TRY;
  switch (interface) {
    case 0:
      return outcome(syscall(SYS_prlimit64, victim, RLIMIT_CORE, limits, NULL));
    case 1:
      return outcome(syscall(SYS_prlimit64, 0x4200000000L | victim, RLIMIT_CORE, limits, NULL));
#if defined(__x86_64__)
    case 2:
      return outcome(call32(340, victim, RLIMIT_CORE, (long)limits, 0));
    case 3:
      return outcome(syscall(X32 | SYS_prlimit64, victim, RLIMIT_CORE, limits, NULL));
#endif
    default:
      return CANNOT_TRY;
  }
}

static int limit(void) { return limit_by(0); }
static int limit_high_bits(void) { return limit_by(1); }
static int limit_i386(void) { return limit_by(2); }
static int limit_x32(void) { return limit_by(3); }

/** Types a character into the terminal that is standard input. */
static int type_by(int interface) {
#if defined(__x86_64__)
  const int low = MAP_32BIT;
#else
  const int low = 0;
#endif
  char* key = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | low, -1, 0);
  if (key == MAP_FAILED || !isatty(0)) return CANNOT_TRY;
  *key = 'T';
  switch (interface) {
    case 0:
      return outcome(ioctl(0, TIOCSTI, key));
    case 1:
      return outcome(syscall(SYS_ioctl, 0, 0x4200000000L | TIOCSTI, key));
#if defined(__x86_64__)
    case 2:
      return outcome(call32(54, 0, TIOCSTI, (long)key, 0));
    case 3:
      return outcome(syscall(X32 | 514, 0, TIOCSTI, key));
    case 4:
      return outcome(syscall(514, 0, TIOCSTI, key));
    case 5:
      return outcome(syscall(X32 | SYS_ioctl, 0, TIOCSTI, key));
#endif
    default:
      return CANNOT_TRY;
  }
}

static int type(void) { return type_by(0); }
static int type_high_bits(void) { return type_by(1); }
static int type_i386(void) { return type_by(2); }
static int type_x32(void) { return type_by(3); }
static int type_x32_bare(void) { return type_by(4); }
static int type_x32_native(void) { return type_by(5); }

/** Pastes into the console. On other terminals, the driver does not support the request. */
static int paste(void) {
  char subcode = 3;
  if (!isatty(0)) return CANNOT_TRY;
  const int result = outcome(ioctl(0, TIOCLINUX, &subcode));
  return result == ENOTTY || result == EINVAL ? 0 : result;
}

static int pin(void) {
  cpu_set_t set;
  if (sched_getaffinity(victim, sizeof set, &set) != 0) return errno;
  return outcome(sched_setaffinity(victim, sizeof set, &set));
}

static int environment(void) { return read_proc("environ"); }
static int mappings(void) { return read_proc("maps"); }
static int auxiliary(void) { return read_proc("auxv"); }
static int descriptor_link(void) { return link_proc("fd/1"); }
static int root_link(void) { return link_proc("root"); }

static const struct {
  const char* name;
  int (*attempt)(void);
} ATTACKS[] = {
    {"/proc/PID/mem", mem_file},
    {"process_vm_readv", vm_read},
    {"process_vm_writev", vm_write},
    {"PTRACE_SEIZE", seize},
    {"PTRACE_ATTACH", attach},
    {"pidfd_getfd", get_descriptor},
    {"/proc/PID/fd", descriptor_link},
    {"/proc/PID/root", root_link},
    {"get_robust_list", robust_list},
    {"move_pages", move_pages},
    {"/proc/PID/environ", environment},
    {"/proc/PID/maps", mappings},
    {"/proc/PID/auxv", auxiliary},
    {"kill", signal_kill},
    {"kill with 0", signal_zero},
    {"tkill", signal_tkill},
    {"tgkill", signal_tgkill},
    {"rt_sigqueueinfo", signal_queue},
    {"rt_tgsigqueueinfo", signal_thread_queue},
    {"pidfd_send_signal", signal_pidfd},
    {"F_SETOWN", signal_owner},
    {"kill of the group", signal_group},
    {"abstract socket", connect_abstract},
    {"inherited descriptor", leaked},
    {"prlimit64", limit},
    {"prlimit64 with high bits", limit_high_bits},
    {"prlimit64 of i386", limit_i386},
    {"prlimit64 of x32", limit_x32},
    {"TIOCSTI", type},
    {"TIOCSTI with high bits", type_high_bits},
    {"TIOCSTI of i386", type_i386},
    {"TIOCSTI of x32", type_x32},
    {"TIOCSTI of x32 without its bit", type_x32_bare},
    {"TIOCSTI of x86_64 with the bit of x32", type_x32_native},
    {"TIOCLINUX", paste},
    {"sched_setaffinity", pin},
};

/** Runs an attempt in a separate process, because a kernel may kill a process that uses an unsupported interface. */
static int attempt_apart(int (*attempt)(void)) {
  const pid_t child = fork();
  if (child == 0) _exit(attempt() & 0xff);
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return CANNOT_TRY;
  return (signed char)WEXITSTATUS(status);
}

static int attack(int count, char** names) {
  for (int index = 0; index < count; index++) {
    int result = CANNOT_TRY;
    for (size_t entry = 0; entry < sizeof ATTACKS / sizeof *ATTACKS; entry++)
      if (strcmp(ATTACKS[entry].name, names[index]) == 0) result = attempt_apart(ATTACKS[entry].attempt);
    // Starts a new line, even on a raw terminal.
    printf("\n%d %s\n", result, names[index]);
    fflush(stdout);
  }
  return 0;
}

/** Opens the master of a new terminal. */
static int open_master(void) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  return master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 ? master : -1;
}

/** Runs a command in this session, with the master of another session's terminal as standard input. */
static int with_master(char** command) {
  const int master = open_master();
  if (master < 0) return 120;
  const char* name = ptsname(master);
  if (fork() == 0) {
    close(master);
    setsid();
    const int terminal = open(name, O_RDWR);
    if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) != 0) _exit(121);
    // The terminal hangs up when the command ends.
    for (;;) pause();
  }
  pid_t session;
  while (ioctl(master, TIOCGSID, &session) != 0) usleep(1000);
  dup2(master, 0);
  execvp(command[0], command);
  return 122;
}

/** Runs a command in a new session with a new controlling terminal, copies its output, and ends as it ends. */
static int on_terminal(char** command) {
  const int master = open_master();
  if (master < 0) return 120;
  const char* name = ptsname(master);
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    const int terminal = open(name, O_RDWR);
    struct termios settings;
    if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) != 0 || tcgetattr(terminal, &settings) != 0) _exit(121);
    cfmakeraw(&settings);
    tcsetattr(terminal, TCSANOW, &settings);
    for (int stream = 0; stream < 3; stream++) dup2(terminal, stream);
    if (terminal > 2) close(terminal);
    execvp(command[0], command);
    _exit(122);
  }
  char buffer[4096];
  // EIO once no process has the terminal open.
  for (ssize_t length; (length = read(master, buffer, sizeof buffer)) > 0;)
    if (write(1, buffer, (size_t)length) < 0) break;
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 123;
}

static int with_leak(char** command) {
  // Node sets close-on-exec for the first descriptors when it starts.
  const int file = open("/dev/null", O_RDONLY);
  if (file < 0 || dup2(file, 100) != 100) return 120;
  close(file);
  execvp(command[0], command);
  return 122;
}

int main(int count, char** words) {
  const char* mode = count > 2 ? words[1] : "";
  if (strcmp(mode, "attack") == 0 && count > 5) {
    victim = (pid_t)atol(words[2]);
    address = (uintptr_t)strtoull(words[3], NULL, 16);
    abstract_name = words[4];
    return attack(count - 5, words + 5);
  }
  abstract_name = count > 2 ? words[2] : "";
  if (strcmp(mode, "serve") == 0) return serve_abstract();
  if (strcmp(mode, "leak") == 0) return with_leak(words + 2);
  if (strcmp(mode, "terminal") == 0) return on_terminal(words + 2);
  if (strcmp(mode, "master") == 0) return with_master(words + 2);
  return 2;
}
