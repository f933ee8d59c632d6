#include "raw_syscall.h"

#if defined(__x86_64__)
__asm__(R"(
  .text
  .hidden seccomp_node_raw_syscall
  .globl seccomp_node_raw_syscall
  .type seccomp_node_raw_syscall, @function
seccomp_node_raw_syscall:
  .cfi_startproc
  mov %rdi, %rax
  mov %rsi, %rdi
  mov %rdx, %rsi
  mov %rcx, %rdx
  mov %r8, %r10
  mov %r9, %r8
  mov 8(%rsp), %r9
  syscall
  .hidden seccomp_node_raw_syscall_return
  .globl seccomp_node_raw_syscall_return
seccomp_node_raw_syscall_return:
  ret
  .cfi_endproc
  .size seccomp_node_raw_syscall, . - seccomp_node_raw_syscall
)");
#elif defined(__aarch64__)
__asm__(R"(
  .text
  .hidden seccomp_node_raw_syscall
  .globl seccomp_node_raw_syscall
  .type seccomp_node_raw_syscall, %function
seccomp_node_raw_syscall:
  .cfi_startproc
  mov x8, x0
  mov x0, x1
  mov x1, x2
  mov x2, x3
  mov x3, x4
  mov x4, x5
  mov x5, x6
  svc #0
  .hidden seccomp_node_raw_syscall_return
  .globl seccomp_node_raw_syscall_return
seccomp_node_raw_syscall_return:
  ret
  .cfi_endproc
  .size seccomp_node_raw_syscall, . - seccomp_node_raw_syscall
)");
#else
#error "no system calls for this architecture"
#endif
