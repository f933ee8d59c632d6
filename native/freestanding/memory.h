// Memory of a program without libc.
#pragma once

#include <linux/mman.h>
#include <sys/syscall.h>

#include <cstddef>

#include "system_call.h"

// The compiler may emit calls of these functions for copies and initializations.
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

/** Zeroed memory; null if there is none. */
template <typename Type>
Type* allocate(std::size_t count) {
  const long mapped = system_call(SYS_mmap, 0, static_cast<long>(count * sizeof(Type)), PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as numbers.
  return mapped < 0 ? nullptr : reinterpret_cast<Type*>(mapped);
}

/** Zeroed memory; the program exits if there is none. */
template <typename Type>
Type* allocate_or_exit(std::size_t count) {
  Type* memory = allocate<Type>(count);
  if (memory == nullptr) exit_group(1);
  return memory;
}

/** Maps memory that is shared with another process, from its start; the program exits on failure. */
inline long map_shared_or_exit(int descriptor, std::size_t size) {
  const long mapped =
      system_call(SYS_mmap, 0, static_cast<long>(size), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (mapped < 0) exit_group(1);
  return mapped;
}

/** Stores a value in shared memory, after all earlier stores. */
template <typename Type>
void publish(Type& place, Type value) {
  __atomic_store(&place, &value, __ATOMIC_RELEASE);
}

/** Whether a stored path, which may be truncated, equals this one. */
template <std::size_t kSize>
bool equals_kept(const char (&kept)[kSize], const char* path) {  // NOLINT(modernize-avoid-c-arrays)
  for (std::size_t at = 0; at + 1 < kSize; ++at) {
    if (kept[at] != path[at]) return false;
    if (path[at] == '\0') return true;
  }
  return true;
}

}  // namespace seccomp_node
