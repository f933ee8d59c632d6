// Runs a filter that the kernel has not loaded.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>

namespace seccomp_node {

// NOLINTBEGIN(modernize-avoid-c-arrays): there is no standard library.

/** A program that the package has generated and proven; empty if the kernel runs the filter. */
struct FilterProgram {
  const sock_filter* instructions = nullptr;
  std::size_t count = 0;
};

/** The action of a program, as in the kernel. An instruction that no generator emits ends with ALLOW. */
inline std::uint32_t run_filter(const FilterProgram& program, const seccomp_data& data) {
  const auto* words = reinterpret_cast<const std::uint32_t*>(&data);
  std::uint32_t memory[BPF_MEMWORDS]{};
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  for (std::size_t next = 0; next < program.count;) {
    const auto& [code, if_true, if_false, k] = program.instructions[next++];
    const std::uint32_t operand = BPF_SRC(code) == BPF_X ? x : k;
    switch (code) {
      case BPF_LD | BPF_W | BPF_ABS:
        a = words[(k / sizeof(std::uint32_t)) % (sizeof data / sizeof(std::uint32_t))];
        break;
      case BPF_LD | BPF_IMM:
        a = k;
        break;
      case BPF_LDX | BPF_IMM:
        x = k;
        break;
      case BPF_LD | BPF_MEM:
        a = memory[k % BPF_MEMWORDS];
        break;
      case BPF_LDX | BPF_MEM:
        x = memory[k % BPF_MEMWORDS];
        break;
      case BPF_ST:
        memory[k % BPF_MEMWORDS] = a;
        break;
      case BPF_STX:
        memory[k % BPF_MEMWORDS] = x;
        break;
      case BPF_MISC | BPF_TAX:
        x = a;
        break;
      case BPF_MISC | BPF_TXA:
        a = x;
        break;
      case BPF_ALU | BPF_AND | BPF_K:
      case BPF_ALU | BPF_AND | BPF_X:
        a &= operand;
        break;
      case BPF_JMP | BPF_JA:
        next += k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
      case BPF_JMP | BPF_JEQ | BPF_X:
        next += a == operand ? if_true : if_false;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
      case BPF_JMP | BPF_JGT | BPF_X:
        next += a > operand ? if_true : if_false;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
      case BPF_JMP | BPF_JGE | BPF_X:
        next += a >= operand ? if_true : if_false;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
      case BPF_JMP | BPF_JSET | BPF_X:
        next += (a & operand) != 0 ? if_true : if_false;
        break;
      case BPF_RET | BPF_K:
        return k;
      case BPF_RET | BPF_A:
        return a;
      default:
        return SECCOMP_RET_ALLOW;
    }
  }
  return SECCOMP_RET_ALLOW;
}

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace seccomp_node
