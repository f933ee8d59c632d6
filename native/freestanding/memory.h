// Memory of a program without libc. To be included by one source of a program.
#pragma once

#include <linux/mman.h>
#include <sys/syscall.h>

#include <cstddef>

#include "system_call.h"

// The compiler may call these for what it writes as copies and zeros.
extern "C" {

__attribute__((used)) inline void* memset(void* to, int value, std::size_t size) {
  auto* bytes = static_cast<volatile unsigned char*>(to);
  for (std::size_t index = 0; index < size; ++index) bytes[index] = static_cast<unsigned char>(value);
  return to;
}

__attribute__((used)) inline void* memcpy(void* to, const void* from, std::size_t size) {
  auto* bytes = static_cast<volatile unsigned char*>(to);
  const auto* source = static_cast<const unsigned char*>(from);
  for (std::size_t index = 0; index < size; ++index) bytes[index] = source[index];
  return to;
}
}

namespace seccomp_node {

/** Memory of zeros; null where there is none. */
template <typename Type>
Type* allocate(std::size_t count) {
  const long mapped = system_call(SYS_mmap, 0, static_cast<long>(count * sizeof(Type)), PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as numbers.
  return mapped < 0 ? nullptr : reinterpret_cast<Type*>(mapped);
}

}  // namespace seccomp_node
