// Processes in states that are hard to reach from JavaScript. Each prints `ready` when it is in its state.
//
//   scenes trace PID   traces a process until standard input ends
//   scenes vfork       waits for a vfork child, interruptible only by SIGKILL, until standard input ends
//   scenes strict      is in strict mode until standard input ends
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace {

void say(std::string_view text) {
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) std::abort();
}

void wait_for_end_of_input() {
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view scene = count > 1 ? arguments[1] : "";
  if (scene == "trace" && count > 2) {
    if (syscall(SYS_ptrace, PTRACE_SEIZE, std::atol(arguments[2]), 0, 0) != 0) return 1;
    say("ready\n");
    wait_for_end_of_input();
    return 0;
  }
  if (scene == "vfork") {
    if (vfork() == 0) {
      say("ready\n");
      wait_for_end_of_input();
      _exit(0);
    }
    say("done\n");
    return 0;
  }
  if (scene == "strict") {
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) return 1;
    say("ready\n");
    wait_for_end_of_input();
    // Strict mode allows exit, but not exit_group, which a return would call.
    syscall(SYS_exit, 0);
  }
  return 2;
}
