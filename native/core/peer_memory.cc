#include "peer_memory.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace seccomp_node {

namespace {

/** The most pieces that one call takes. */
constexpr std::size_t kMaxPieces = 1024;

}  // namespace

Result<Bytes> read_memory(std::int32_t pid, std::uint64_t address, std::uint32_t length) {
  if (address + length < address) return Failure{"process_vm_readv", EFAULT};
  Bytes bytes(length);
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::size_t used = 0;
  while (used < length) {
    // One piece a page: the kernel stops between pieces, and a page is the least that is mapped.
    std::vector<iovec> pieces;
    std::size_t wanted = 0;
    for (auto at = address + used; used + wanted < length && pieces.size() < kMaxPieces;) {
      const auto size = std::min<std::uint64_t>(page - at % page, length - used - wanted);
      // NOLINTNEXTLINE(performance-no-int-to-ptr): an address there, not here.
      pieces.push_back({reinterpret_cast<void*>(at), size});
      at += size;
      wanted += size;
    }
    const iovec local{bytes.data() + used, wanted};
    const auto count = process_vm_readv(pid, &local, 1, pieces.data(), pieces.size(), 0);
    if (count < 0) {
      if (used > 0 && errno == EFAULT) break;
      return Failure{"process_vm_readv", errno};
    }
    used += static_cast<std::size_t>(count);
    if (static_cast<std::size_t>(count) < wanted) break;
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace seccomp_node
