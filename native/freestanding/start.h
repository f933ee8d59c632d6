// The entry point of a program without libc: included by the one source that defines run_program.
#pragma once

#include <linux/errno.h>
#include <linux/prctl.h>
#include <linux/signal.h>

#include <cstdint>

#include "system_call.h"

extern "C" [[noreturn]] __attribute__((used)) void run_program();

#if defined(__x86_64__)

// On entry the stack pointer points to argc.
asm(".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  and $-16, %rsp\n"
    "  call run_program\n"
    "  ud2\n");

#elif defined(__aarch64__)

asm(".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x30, #0\n"
    "  bl run_program\n"
    "  brk #1000\n");

#else
#error "no entry point for this architecture"
#endif

namespace seccomp_node {

/** Names the process, and blocks all signals, because some are sent to its group or to all processes. */
inline void prepare_process(const char* name) {
  const std::uint64_t all = ~0UL;
  system_call(SYS_rt_sigprocmask, SIG_SETMASK, word(&all), 0, sizeof all);
  system_call(SYS_prctl, PR_SET_NAME, word(name));
}

/** read(2) or write(2) of a whole number. */
inline bool transfer(long call, int descriptor, int* value) {
  for (;;) {
    const long count = system_call(call, descriptor, word(value), sizeof *value);
    if (count != -EINTR) return count == sizeof *value;
  }
}

}  // namespace seccomp_node
