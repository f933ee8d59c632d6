#include "registers.h"

#include <linux/elf.h>
#include <linux/uio.h>

#include "ptrace.h"

namespace seccomp_node {

namespace {

// NOLINTBEGIN(modernize-avoid-c-arrays): there is no standard library.

#if defined(__x86_64__)

/** `syscall`, `sysenter` and `int` have two bytes. */
constexpr std::uint64_t kCallInstruction = 2;

void set_arguments(Registers& registers, const std::uint64_t (&args)[6]) {
  registers.rdi = args[0];
  registers.rsi = args[1];
  registers.rdx = args[2];
  registers.r10 = args[3];
  registers.r8 = args[4];
  registers.r9 = args[5];
}

/** Makes the thread enter a call, possibly again, when it continues. */
void enter_again(Registers& registers, long number) {
  registers.rip -= kCallInstruction;
  registers.rax = static_cast<std::uint64_t>(number);
  // Keeps a signal from restarting the call.
  registers.orig_rax = ~0UL;
}

long number_of(const Registers& registers) { return static_cast<long>(registers.orig_rax); }

void replace_number(int, Registers& registers, long number) { registers.orig_rax = static_cast<std::uint64_t>(number); }

#elif defined(__aarch64__)

constexpr std::uint64_t kCallInstruction = 4;

void set_arguments(Registers& registers, const std::uint64_t (&args)[6]) {
  for (int index = 0; index < 6; ++index) registers.x[index] = args[index];
}

void enter_again(Registers& registers, long number) {
  registers.pc -= kCallInstruction;
  registers.x[8] = static_cast<std::uint64_t>(number);
}

long number_of(const Registers& registers) { return static_cast<long>(registers.x[8]); }

void replace_number(int thread, Registers&, long number) {
  int value = static_cast<int>(number);
  iovec buffer{&value, sizeof value};
  ptrace(PTRACE_SETREGSET, thread, NT_ARM_SYSTEM_CALL, &buffer);
}

#else
#error "the tracer does not support this architecture"
#endif

void set_registers(int thread, Registers& registers) {
  iovec buffer{&registers, sizeof registers};
  ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &buffer);
}

}  // namespace

bool get_registers(int thread, AnyRegisters& registers) {
  iovec buffer{&registers.wide, sizeof registers.wide};
  if (ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &buffer) < 0) return false;
  registers.is_narrow = buffer.iov_len == sizeof registers.narrow;
  return true;
}

bool set_registers(int thread, AnyRegisters& registers) {
  iovec buffer{&registers.wide, registers.is_narrow ? sizeof registers.narrow : sizeof registers.wide};
  return ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &buffer) == 0;
}

bool get_registers(int thread, Registers& registers) {
  iovec buffer{&registers, sizeof registers};
  return ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &buffer) == 0 && buffer.iov_len == sizeof registers;
}

std::uint64_t result_of(const Registers& registers) {
#if defined(__x86_64__)
  return registers.rax;
#elif defined(__aarch64__)
  return registers.x[0];
#else
#error "the tracer does not support this architecture"
#endif
}

void replace_call(int thread, Registers registers, long number, const std::uint64_t (&args)[6]) {
  set_arguments(registers, args);
  replace_number(thread, registers, number);
  set_registers(thread, registers);
}

void make_call(int thread, Registers registers, long number, const std::uint64_t (&args)[6]) {
  set_arguments(registers, args);
  enter_again(registers, number);
  set_registers(thread, registers);
}

void make_call(int thread, Registers registers) {
  enter_again(registers, number_of(registers));
  set_registers(thread, registers);
}

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace seccomp_node
