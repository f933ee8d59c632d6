// The registers of a thread that is stopped at a call.
#pragma once

#include <cstdint>

namespace seccomp_node {

// NOLINTBEGIN(modernize-avoid-c-arrays): there is no standard library.

#if defined(__x86_64__)

/** struct user_regs_struct, in the order of the kernel. */
struct Registers {
  std::uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip, cs, eflags, rsp,
      ss, fs_base, gs_base, ds, es, fs, gs;
};

/** The registers of a 32-bit caller. */
struct Registers32 {
  std::uint32_t ebx, ecx, edx, esi, edi, ebp, eax, ds, es, fs, gs, orig_eax, eip, cs, eflags, esp, ss;
};

#elif defined(__aarch64__)

struct Registers {
  std::uint64_t x[31], sp, pc, pstate;
};

struct Registers32 {
  std::uint32_t r[16], cpsr, original_r0;
};

#else
#error "the tracer does not support this architecture"
#endif

/** Registers of a thread of either width. */
struct AnyRegisters {
  union {
    Registers wide;
    Registers32 narrow;
  };
  bool is_narrow;
};

bool get_registers(int thread, AnyRegisters& registers);
bool set_registers(int thread, AnyRegisters& registers);

/** The registers of a 64-bit thread; false for other threads. */
bool get_registers(int thread, Registers& registers);

std::uint64_t result_of(const Registers& registers);

/** Replaces the call that a thread enters. */
void replace_call(int thread, Registers registers, long number, const std::uint64_t (&args)[6]);

/** Makes a thread at the exit of a call enter another one. */
void make_call(int thread, Registers registers, long number, const std::uint64_t (&args)[6]);

/** Makes a thread at the exit of a call enter the call that the registers describe. */
void make_call(int thread, Registers registers);

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace seccomp_node
