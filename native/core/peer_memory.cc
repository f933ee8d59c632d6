#include "peer_memory.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "background.h"
#include "descriptor.h"
#include "helper_process.h"

namespace seccomp_node {

namespace {

/** The maximum number of pieces of one call. */
constexpr std::size_t kMaxPieces = 1024;

using Pieces = std::array<iovec, kMaxPieces>;

/** The progress of a read: the number of bytes, and an errno. */
struct Progress {
  std::size_t used;
  int error;
};

/** process_vm_readv(2), without allocating memory. */
Progress read_pages(std::int32_t pid, std::uint64_t address, std::uint8_t* to, std::size_t length, Pieces& pieces) {
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::size_t used = 0;
  while (used < length) {
    // One piece for each page: the kernel stops between pieces, and a page is the smallest mapped unit.
    std::size_t count = 0;
    std::size_t wanted = 0;
    for (auto at = address + used; used + wanted < length && count < pieces.size();) {
      const auto size = std::min<std::uint64_t>(page - at % page, length - used - wanted);
      // NOLINTNEXTLINE(performance-no-int-to-ptr): an address in the other process.
      pieces[count++] = {reinterpret_cast<void*>(at), size};
      at += size;
      wanted += size;
    }
    const iovec local{to + used, wanted};
    const auto answer = process_vm_readv(pid, &local, 1, pieces.data(), count, 0);
    if (answer < 0) return {used, errno};
    used += static_cast<std::size_t>(answer);
    if (static_cast<std::size_t>(answer) < wanted) break;
  }
  return {used, 0};
}

/** Whether `/proc` is that of this process's PID namespace. */
bool proc_is_ours() {
  std::array<char, 16> link{};
  const auto length = readlink("/proc/self", link.data(), link.size() - 1);
  return length > 0 && std::string(link.data(), static_cast<std::size_t>(length)) == std::to_string(getpid());
}

std::atomic<std::uint32_t> reads_going_on = 0;

/** One of the concurrent reads. */
class Slot {
 public:
  Slot() : taken_(reads_going_on.fetch_add(1) < kMaxReads) {
    if (!taken_) reads_going_on.fetch_sub(1);
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  ~Slot() {
    if (taken_) reads_going_on.fetch_sub(1);
  }

  [[nodiscard]] bool taken() const { return taken_; }

 private:
  bool taken_;
};

}  // namespace

struct MemoryRead::Piece {
  Pieces pieces;
};

MemoryRead::MemoryRead(std::int32_t pid, std::uint64_t address, std::uint32_t length, std::uint32_t limit)
    : pid_(pid), address_(address), length_(length), limit_(limit), piece_(std::make_unique<Piece>()), bytes_(length) {}

MemoryRead::~MemoryRead() = default;

Result<Bytes> MemoryRead::result() const {
  if (!finished_.load(std::memory_order_acquire)) return Failure{"read", EINPROGRESS};
  if (failed_) return *failed_;
  return bytes_;
}

void MemoryRead::read_directly(void* read) {
  auto& self = *static_cast<MemoryRead*>(read);
  const auto progress =
      read_pages(self.pid_, self.address_, self.bytes_.data(), self.bytes_.size(), self.piece_->pieces);
  self.used_ = progress.used;
  self.error_ = progress.error;
}

void MemoryRead::read_from_file(void* read) {
  auto& self = *static_cast<MemoryRead*>(read);
  while (self.used_ < self.bytes_.size()) {
    const auto count = pread(self.file_, self.bytes_.data() + self.used_, self.bytes_.size() - self.used_,
                             static_cast<off_t>(self.address_ + self.used_));
    if (count < 0 && errno == EINTR) continue;
    // EIO means unmapped memory here.
    self.error_ = count < 0 ? (errno == EIO ? EFAULT : errno) : 0;
    if (count <= 0) return;
    self.used_ += static_cast<std::size_t>(count);
  }
}

Status MemoryRead::read_by(void (*task)(void* read), std::int32_t descriptor) {
  used_ = 0;
  error_ = 0;
  const HelperOptions options{.limit = limit_, .descriptors = HelperDescriptors::kOnlyOne, .kept = descriptor};
  if (const auto failed = run_in_helper(task, this, options)) return failed;
  if (error_ == 0 || (error_ == EFAULT && used_ > 0)) return kDone;
  return Failure{"process_vm_readv", error_};
}

void MemoryRead::run() {
  failed_ = read_by(read_directly, -1);
  // With Yama, a process can only read the memory of its descendants. They are descendants of this process but not of
  // the helper, so this process opens the file for it.
  if (failed_ && error_ != EFAULT && error_ != ESRCH && error_ != 0 && proc_is_ours()) {
    const Descriptor file(open(("/proc/" + std::to_string(pid_) + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
    file_ = file.number();
    if (file.valid()) failed_ = read_by(read_from_file, file_);
  }
  bytes_.resize(failed_ ? 0 : used_);
  finished_.store(true, std::memory_order_release);
}

Result<std::int32_t> start_read(const std::shared_ptr<MemoryRead>& read) {
  if (read->address_ + read->length_ < read->address_) return Failure{"process_vm_readv", EFAULT};
  auto slot = std::make_shared<Slot>();
  if (!slot->taken()) return Failure{"process_vm_readv", EAGAIN};
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Failure{"pipe2", errno};
  Descriptor finished(ends[0]);
  auto end = std::make_shared<Descriptor>(ends[1]);
  // Frees the slot before it reports the end, whatever the order in which a closure's members are destroyed.
  auto errand = [read, end = std::move(end), slot = std::move(slot)]() mutable {
    read->run();
    slot.reset();
    end.reset();
  };
  if (const auto failed = run_in_background(std::move(errand))) return *failed;
  return finished.release();
}

Result<Bytes> read_memory_blocking(std::int32_t pid, std::uint64_t address, std::uint32_t length) {
  if (address + length < address) return Failure{"process_vm_readv", EFAULT};
  Bytes bytes(length);
  const auto pieces = std::make_unique<Pieces>();
  const auto progress = read_pages(pid, address, bytes.data(), bytes.size(), *pieces);
  if (progress.error != 0 && (progress.error != EFAULT || progress.used == 0)) {
    return Failure{"process_vm_readv", progress.error};
  }
  bytes.resize(progress.used);
  return bytes;
}

}  // namespace seccomp_node
