// Reads the memory of another process, which can delay the reader for any length of time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "context.h"
#include "result.h"

namespace seccomp_node {

/**
 * A read in the background. The other process may itself supply a page (by userfaultfd or a FUSE file): then the kernel
 * waits for it, and once FUSE has the request, not even SIGKILL ends the wait. So a helper process reads, and a thread
 * of this process waits for it: both can be abandoned, and neither prevents this process from exiting.
 */
class MemoryRead {
 public:
  MemoryRead(std::int32_t pid, std::uint64_t address, std::uint32_t length, std::uint32_t limit);
  MemoryRead(const MemoryRead&) = delete;
  MemoryRead& operator=(const MemoryRead&) = delete;
  ~MemoryRead();

  /** The result of the read; EINPROGRESS until it ends. */
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
 * Starts a read. Returns a descriptor that reaches its end when the read ends. EAGAIN if too many reads are pending.
 *
 * A read returns as many bytes as are mapped from the address on, `length` at most. It fails with EFAULT if none are,
 * and with ETIMEDOUT after `limit` milliseconds. If the helper process cannot be killed, the read never ends.
 */
Result<std::int32_t> start_read(const std::shared_ptr<MemoryRead>& read);

/** Reads on the calling thread, which the other process can block for any length of time. */
Result<Bytes> read_memory_blocking(std::int32_t pid, std::uint64_t address, std::uint32_t length);

}  // namespace seccomp_node
