// Tests stacks of filters in the kernel and distinguishes all actions: one line of actions in, oldest first, one line
// out.
//
//   process    the process was killed      errno N    the call failed
//   thread     only the thread was         trace N    a tracer was told message N
//   trap N     SIGSYS came, with data N    value      the call was made
//
// For each stack, one of two threads of a new process loads the filters and then makes the call.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Stack = std::vector<uint32_t>;

/// What the process reports about itself while it lives.
struct Report {
  volatile bool returned;
  volatile long error;
  volatile bool trapped;
  volatile int trap_data;
};

Report* report = nullptr;

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "stack-probe: %s: %s\n", what, std::strerror(errno));
  std::exit(2);
}

/// Loads a filter with an action for getppid that allows everything else.
void load(uint32_t action) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog prog{4, program};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0) die("seccomp");
}

void on_sigsys(int, siginfo_t* info, void*) {
  report->trapped = true;
  report->trap_data = info->si_errno;
}

void* filtered(void* argument) {
  const auto& stack = *static_cast<const Stack*>(argument);
  if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) die("ptrace");
  syscall(SYS_tgkill, getpid(), gettid(), SIGSTOP);
  for (const uint32_t action : stack) load(action);
  errno = 0;
  syscall(SYS_getppid);
  report->error = errno;
  report->returned = true;
  return nullptr;
}

[[noreturn]] void process(Stack& stack) {
  struct sigaction action {};
  action.sa_sigaction = on_sigsys;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, nullptr);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die("no_new_privs");
  pthread_t thread;
  if (pthread_create(&thread, nullptr, filtered, &stack) != 0) die("pthread_create");
  pthread_join(thread, nullptr);
  _exit(0);
}

std::string verdict(Stack& stack) {
  *report = {};
  const pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) process(stack);
  unsigned long message = 0;
  bool traced = false;
  bool started = false;
  int state = 0;
  for (;;) {
    const pid_t who = waitpid(-1, &state, __WALL);
    if (who < 0) die("waitpid");
    if (!WIFSTOPPED(state)) {
      if (who == child) break;
      continue;
    }
    int signal = WSTOPSIG(state);
    if (!started) {
      ptrace(PTRACE_SETOPTIONS, who, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
      started = true;
      signal = 0;
    } else if ((state >> 8) == (SIGTRAP | (PTRACE_EVENT_SECCOMP << 8))) {
      ptrace(PTRACE_GETEVENTMSG, who, 0, &message);
      traced = true;
      signal = 0;
    }
    ptrace(PTRACE_CONT, who, 0, signal);
  }
  if (WIFSIGNALED(state)) return WTERMSIG(state) == SIGSYS ? "process" : "another signal";
  if (WEXITSTATUS(state) != 0) std::exit(2);
  if (!report->returned) return "thread";
  if (report->trapped) return "trap " + std::to_string(report->trap_data);
  if (traced) return "trace " + std::to_string(message);
  return report->error == 0 ? "value" : "errno " + std::to_string(report->error);
}

}  // namespace

int main() {
  void* memory = mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) die("mmap");
  report = static_cast<Report*>(memory);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    Stack stack;
    for (uint32_t action = 0; words >> action;) stack.push_back(action);
    std::cout << verdict(stack) << std::endl;
  }
}
