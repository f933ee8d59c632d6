// The target architecture, as an AUDIT_ARCH_* value.
#pragma once

#include <linux/audit.h>

#include <cstdint>

namespace seccomp_node {

#if defined(__x86_64__)
inline constexpr std::uint32_t kNativeArch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
inline constexpr std::uint32_t kNativeArch = AUDIT_ARCH_AARCH64;
#else
#error "no audit architecture is known for this architecture"
#endif

inline constexpr std::uint32_t kX32Bit = 0x40000000;

}  // namespace seccomp_node
