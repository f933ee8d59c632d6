#include "call.h"

#include <linux/audit.h>

#include "../freestanding/native_arch.h"

namespace seccomp_node {

namespace {

/** PERF_SAMPLE_REGS_ABI_32. */
constexpr std::uint64_t kRegisters32 = 1;

#if defined(__x86_64__)

/** The tracepoint does not report the ABI of a call, so it is derived from the registers. */
std::uint32_t arch_of(std::uint64_t abi, const std::uint64_t* registers, const std::uint64_t* args) {
  if (abi == kRegisters32) return AUDIT_ARCH_I386;
  const auto low = [](std::uint64_t value) { return value & 0xffffffffU; };
  const bool passed_wide = args[0] == registers[3] && args[1] == registers[2];
  const bool passed_narrow = args[0] == low(registers[0]) && args[1] == low(registers[1]);
  // `int 0x80` in a 64-bit program.
  return passed_narrow && !passed_wide ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
}

#elif defined(__aarch64__)

std::uint32_t arch_of(std::uint64_t abi, const std::uint64_t*, const std::uint64_t*) {
  return abi == kRegisters32 ? AUDIT_ARCH_ARM : AUDIT_ARCH_AARCH64;
}

#else
#error "the recorder does not support this architecture"
#endif

/** The first of the private calls of 32-bit ARM, whose numbers are far above all others. */
constexpr std::uint32_t kArmPrivate = 0xf0000;
constexpr std::uint32_t kArmPrivateCalls = 0x18;

/** The index of an ABI in PerfOrders::widths; kPerfAbis if it has none. */
constexpr std::size_t abi_of(std::uint32_t arch, std::uint32_t number) {
  switch (arch) {
    case AUDIT_ARCH_X86_64:
      return (number & kX32Bit) == 0 ? 0 : 2;
    case AUDIT_ARCH_I386:
      return 1;
    case AUDIT_ARCH_AARCH64:
      return 3;
    case AUDIT_ARCH_ARM:
      return 4;
    default:
      return kPerfAbis;
  }
}
static_assert(abi_of(kNativeArch, 0) < kPerfAbis, "the recorder has no widths for this architecture");

}  // namespace

Call read_call(const unsigned char* body) {
  // pid, tid, time, size of the raw data.
  constexpr std::size_t kRawSize = 16;
  constexpr std::size_t kRaw = kRawSize + 4;
  constexpr std::size_t kNumber = 8;
  constexpr std::size_t kArguments = 16;
  Call call{};
  call.process = read_at<std::uint32_t>(body);
  call.number = static_cast<std::uint32_t>(read_at<std::uint64_t>(body + kRaw + kNumber));
  for (std::size_t index = 0; index < kPerfArguments; ++index) {
    call.args[index] = read_at<std::uint64_t>(body + kRaw + kArguments + 8 * index);
  }
  const auto* registers = body + kRaw + read_at<std::uint32_t>(body + kRawSize);
  const auto abi = read_at<std::uint64_t>(registers);
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  std::uint64_t values[kSampledRegisterCount]{};
  for (std::size_t index = 0; abi != 0 && index < kSampledRegisterCount; ++index) {
    values[index] = read_at<std::uint64_t>(registers + 8 + 8 * index);
  }
  call.arch = arch_of(abi, values, call.args);
  return call;
}

const std::uint8_t* argument_widths(const PerfOrders& orders, const Call& call) {
  const std::size_t abi = abi_of(call.arch, call.number);
  std::uint32_t number = call.number;
  if (call.arch == AUDIT_ARCH_X86_64) number &= ~kX32Bit;
  if (call.arch == AUDIT_ARCH_ARM && number - kArmPrivate < kArmPrivateCalls) {
    number = kPerfNumbers - kArmPrivateCalls + (number - kArmPrivate);
  }
  return abi < kPerfAbis && number < kPerfNumbers ? orders.widths[abi][number] : nullptr;
}

}  // namespace seccomp_node
