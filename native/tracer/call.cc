#include "call.h"

#include <linux/audit.h>
#include <linux/sched.h>

#include <cstddef>

#include "ptrace.h"
#include "registers.h"

namespace seccomp_node {

namespace {

#if defined(__x86_64__)

void read_registers(Call& call, const Registers& registers) {
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

#elif defined(__aarch64__)

void read_registers(Call& call, const Registers& registers) {
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

#else
#error "the tracer does not support this architecture"
#endif

/** Reads the call from the registers, for Linux before 5.3. */
bool read_call_by_registers(int thread, Call& call) {
  unsigned long data = 0;
  if (ptrace(PTRACE_GETEVENTMSG, thread, 0, &data) < 0) return false;
  call.data = static_cast<std::uint32_t>(data);
  AnyRegisters registers;
  if (!get_registers(thread, registers)) return false;
  if (registers.is_narrow) {
    read_registers(call, registers.narrow);
  } else {
    read_registers(call, registers.wide);
  }
  return true;
}

}  // namespace

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

void keep_traced(int thread, const Call& call) {
  const unsigned long flags = call.args[0] & ~static_cast<unsigned long>(CLONE_UNTRACED);
#if defined(__x86_64__)
  const auto offset = call.arch == AUDIT_ARCH_X86_64 ? offsetof(Registers, rdi) : offsetof(Registers, rbx);
  ptrace(PTRACE_POKEUSR, thread, offset, flags);
#elif defined(__aarch64__)
  AnyRegisters registers;
  if (!get_registers(thread, registers)) return;
  if (registers.is_narrow) {
    registers.narrow.r[0] = static_cast<std::uint32_t>(flags);
  } else {
    registers.wide.x[0] = flags;
  }
  set_registers(thread, registers);
#else
#error "the tracer does not support this architecture"
#endif
}

void keep_traced_by_clone3(int thread, const Call& call) {
  const auto address = call.args[0];
  std::uint64_t flags = 0;
  if (ptrace(PTRACE_PEEKDATA, thread, address, &flags) < 0 || (flags & CLONE_UNTRACED) == 0) return;
  ptrace(PTRACE_POKEDATA, thread, address, flags & ~static_cast<std::uint64_t>(CLONE_UNTRACED));
}

}  // namespace seccomp_node
