// Reads the memory of another process, which can delay the reader as long as it likes.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "context.h"
#include "result.h"

namespace seccomp_node {

/**
 * A read that goes on in the background. A page can be one that the other process supplies (userfaultfd, a FUSE file):
 * then the kernel waits for it, and where FUSE has the request, not even SIGKILL ends that. So the read is made by a
 * helper process, and a thread of this process waits for that: both can be given up, and neither keeps this process
 * from ending.
 */
class MemoryRead {
 public:
  MemoryRead(std::int32_t pid, std::uint64_t address, std::uint32_t length, std::uint32_t limit);
  MemoryRead(const MemoryRead&) = delete;
  MemoryRead& operator=(const MemoryRead&) = delete;
  ~MemoryRead();

  /** The result after the end of the read; EINPROGRESS before. */
  [[nodiscard]] Result<Bytes> result() const;

 private:
  friend Result<std::int32_t> start_read(const std::shared_ptr<MemoryRead>& read);
  struct Piece;

  void run();
  Status read_by(void (*task)(void* read), std::int32_t descriptor);
  static void read_directly(void* read);
  static void read_from_file(void* read);

  std::int32_t pid_;
  std::uint64_t address_;
  std::uint32_t length_;
  std::uint32_t limit_;
  std::unique_ptr<Piece> piece_;
  Bytes bytes_;
  /** The number of bytes, and the errno that ended the read, written by the helper process. */
  std::size_t used_ = 0;
  int error_ = 0;
  /** `/proc/PID/mem` */
  std::int32_t file_ = -1;
  Status failed_ = kDone;
  std::atomic<bool> finished_ = false;
};

/** The maximum number of pending reads in the whole process. */
inline constexpr std::uint32_t kMaxReads = 256;

/**
 * Starts a read. Gives a descriptor that is at its end when the read is. EAGAIN where too many go on.
 *
 * A read gives as many bytes as are mapped from the address on, `length` at most. EFAULT where none are; ETIMEDOUT
 * after `limit` milliseconds, unless the helper process cannot be killed: then it is never at its end.
 */
Result<std::int32_t> start_read(const std::shared_ptr<MemoryRead>& read);

/** The same on the calling thread, which waits as long as the other process likes. */
Result<Bytes> read_memory_blocking(std::int32_t pid, std::uint64_t address, std::uint32_t length);

}  // namespace seccomp_node
