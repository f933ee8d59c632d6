#include "memory_file.h"

#include <sys/mman.h>

#include <cerrno>

namespace seccomp_node {

Result<MemoryFile> MemoryFile::create() {
  Descriptor descriptor(memfd_create("seccomp", MFD_CLOEXEC));
  if (!descriptor.valid()) return Failure{"memfd_create", errno};
  return MemoryFile(std::move(descriptor));
}

Result<std::string> MemoryFile::contents() const {
  const auto size = lseek(descriptor(), 0, SEEK_END);
  if (size < 0) return Failure{"lseek", errno};
  std::string text(static_cast<std::size_t>(size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const auto count = pread(descriptor(), text.data() + filled, text.size() - filled, static_cast<off_t>(filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failure{"pread", errno};
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  text.resize(filled);
  return text;
}

}  // namespace seccomp_node
