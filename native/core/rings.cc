#include "rings.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

namespace seccomp_node {

namespace {

constexpr std::string_view kRing = "anon_inode:[io_uring]";

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

}  // namespace

Result<std::vector<std::int32_t>> open_rings() {
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir("/proc/self/fd"));
  if (directory == nullptr) return Failure{"opendir", errno};
  std::vector<std::int32_t> rings;
  // readdir tells a failure from the end by errno alone.
  errno = 0;
  while (const dirent* entry = readdir(directory.get())) {
    const char* name = static_cast<const char*>(entry->d_name);
    std::int32_t number = 0;
    if (std::from_chars(name, name + std::strlen(name), number).ec == std::errc()) {
      std::array<char, kRing.size() + 1> target{};
      const auto length = readlinkat(dirfd(directory.get()), name, target.data(), target.size());
      // What another thread has closed in the meantime is no ring.
      if (length < 0 && errno != ENOENT) return Failure{"readlinkat", errno};
      if (std::string_view(target.data(), length < 0 ? 0 : static_cast<std::size_t>(length)) == kRing)
        rings.push_back(number);
    }
    errno = 0;
  }
  if (errno != 0) return Failure{"readdir", errno};
  std::ranges::sort(rings);
  return rings;
}

}  // namespace seccomp_node
