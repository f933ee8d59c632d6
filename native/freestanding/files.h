// Files and paths of a program without libc.
#pragma once

#include <linux/fcntl.h>
#include <sys/syscall.h>

#include <cstddef>

#include "system_call.h"

namespace seccomp_node {

inline constexpr long kCurrentDirectory = AT_FDCWD;
inline constexpr long kReadOnlyCloseOnExec = O_RDONLY | O_CLOEXEC;

/** A descriptor that closes itself. Below 0, it is the negative errno of the failed open. */
class File {
 public:
  explicit File(long number) : number_(number) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (number_ >= 0) system_call(SYS_close, number_);
  }

  static File open(const char* path, long directory = kCurrentDirectory) {
    return File(system_call(SYS_openat, directory, word(path), kReadOnlyCloseOnExec));
  }

  [[nodiscard]] long number() const { return number_; }
  [[nodiscard]] bool valid() const { return number_ >= 0; }
  /** Returns the number of bytes; 0 at the end or on failure. */
  std::size_t read(char* to, std::size_t size) const {
    const long count = system_call(SYS_read, number_, word(to), static_cast<long>(size));
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }

 private:
  long number_;
};

/** `/proc/NUMBER/NAME`, and `/proc/NUMBER/task/NUMBER/NAME`. */
class ProcPath {
 public:
  ProcPath(unsigned process, const char* name) {
    add("/proc/");
    add(process);
    add(name);
  }
  ProcPath(unsigned process, unsigned thread, const char* name) : ProcPath(process, "/task/") {
    add(thread);
    add(name);
  }

  [[nodiscard]] const char* text() const { return text_; }

 private:
  void add(const char* part) {
    for (; *part != '\0' && used_ + 1 < sizeof text_; ++part) text_[used_++] = *part;
  }

  void add(unsigned number) {
    unsigned divisor = 1;
    while (number / divisor > 9) divisor *= 10;
    for (; divisor > 0 && used_ + 1 < sizeof text_; divisor /= 10) {
      text_[used_++] = static_cast<char>('0' + number / divisor % 10);
    }
  }

  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  char text_[64]{};
  std::size_t used_ = 0;
};

/** Calls `take` with each number of a text. */
template <typename Take>
void for_each_number(const char* text, std::size_t size, Take take) {
  for (std::size_t at = 0; at < size;) {
    unsigned number = 0;
    const std::size_t start = at;
    for (; at < size && text[at] >= '0' && text[at] <= '9'; ++at) {
      number = number * 10 + static_cast<unsigned>(text[at] - '0');
    }
    if (at > start) take(number);
    if (at == start) ++at;
  }
}

/** Calls `take` with each number among the names in an open directory. Returns whether the whole directory was read. */
template <typename Take>
bool for_each_number_in(long directory, Take take) {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  alignas(8) char entries[4096]{};
  for (;;) {
    const long count = system_call(SYS_getdents64, directory, word(entries), sizeof entries);
    if (count <= 0) return count == 0;
    constexpr std::size_t kLength = 16;
    constexpr std::size_t kName = 19;
    for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
      const auto length = *reinterpret_cast<const unsigned short*>(entries + at + kLength);
      const char* name = entries + at + kName;
      if (*name >= '1' && *name <= '9') {
        std::size_t size = 0;
        while (name[size] != '\0') ++size;
        for_each_number(name, size, take);
      }
      at += length;
    }
  }
}

template <typename Take>
bool for_each_number_in(const char* directory, Take take) {
  const File file = File::open(directory);
  return for_each_number_in(file.number(), take);
}

}  // namespace seccomp_node
