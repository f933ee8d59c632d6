// System calls of a program without libc.
#pragma once

#include <sys/syscall.h>

namespace seccomp_node {

#if defined(__x86_64__)

/** A system call; returns -errno on failure. */
inline long system_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  long result = number;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__)

/** A system call; returns -errno on failure. */
inline long system_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  register long x5 asm("x5") = f;
  asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}

#else
#error "no system calls for this architecture"
#endif

inline long word(const void* pointer) { return reinterpret_cast<long>(pointer); }

[[noreturn]] inline void exit_group(int status) {
  for (;;) system_call(SYS_exit_group, status);
}

}  // namespace seccomp_node
