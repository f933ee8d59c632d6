#include "rings.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "descriptor.h"

namespace seccomp_node {

namespace {

constexpr std::string_view kRing = "anon_inode:[io_uring]";
/** The kernel appends the id of the thread that created the ring. */
constexpr std::string_view kPollingThread = "iou-sqp-";

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

/**
 * The numbers among a directory's entries for which `wanted` returns true, ascending. `wanted` gets the directory's
 * descriptor and the name; if it fails, so does this function.
 */
template <typename Wanted>
Result<std::vector<std::int32_t>> numbers_in(const char* path, Wanted wanted) {
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir(path));
  if (directory == nullptr) return Failure{"opendir", errno};
  std::vector<std::int32_t> numbers;
  // readdir distinguishes a failure from the end only by errno.
  errno = 0;
  while (const dirent* entry = readdir(directory.get())) {
    const char* name = static_cast<const char*>(entry->d_name);
    std::int32_t number = 0;
    if (std::from_chars(name, name + std::strlen(name), number).ec == std::errc()) {
      const Result<bool> answer = wanted(dirfd(directory.get()), name);
      if (const auto* failure = answer.failure()) return *failure;
      if (answer.value()) numbers.push_back(number);
    }
    errno = 0;
  }
  if (errno != 0) return Failure{"readdir", errno};
  std::ranges::sort(numbers);
  return numbers;
}

Result<bool> is_ring(int directory, const char* name) {
  std::array<char, kRing.size() + 1> target{};
  const auto length = readlinkat(directory, name, target.data(), target.size());
  // A descriptor that another thread has closed in the meantime is not a ring.
  if (length < 0) return errno == ENOENT ? Result<bool>(false) : Failure{"readlinkat", errno};
  return std::string_view(target.data(), static_cast<std::size_t>(length)) == kRing;
}

Result<bool> is_polling(int directory, const char* name) {
  const Descriptor file(openat(directory, (std::string(name) + "/comm").c_str(), O_RDONLY | O_CLOEXEC));
  // A thread that has ended polls nothing.
  if (!file.valid()) return errno == ENOENT || errno == ESRCH ? Result<bool>(false) : Failure{"openat", errno};
  std::array<char, kPollingThread.size()> start{};
  const auto length = read(file.number(), start.data(), start.size());
  if (length < 0) return errno == ESRCH ? Result<bool>(false) : Failure{"read", errno};
  return std::string_view(start.data(), static_cast<std::size_t>(length)) == kPollingThread;
}

}  // namespace

Result<std::vector<std::int32_t>> open_rings() { return numbers_in("/proc/self/fd", is_ring); }

Result<std::vector<std::int32_t>> polling_threads() { return numbers_in("/proc/self/task", is_polling); }

}  // namespace seccomp_node
