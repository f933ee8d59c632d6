#include "unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "descriptor.h"

namespace seccomp_node {

namespace {

constexpr std::size_t kMaxData = 64UL * 1024;
/** SCM_MAX_FD of the kernel. */
constexpr std::size_t kMaxDescriptors = 253;
constexpr int kBacklog = 128;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return Failure{"bind", ENAMETOOLONG};
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// musl's CMSG_NXTHDR compares a signed number with an unsigned one.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"

std::vector<std::int32_t> descriptors_of(msghdr& message) {
  std::vector<std::int32_t> descriptors;
  for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    std::vector<std::int32_t> found((header->cmsg_len - CMSG_LEN(0)) / sizeof(std::int32_t));
    std::memcpy(found.data(), CMSG_DATA(header), found.size() * sizeof(std::int32_t));
    descriptors.insert(descriptors.end(), found.begin(), found.end());
  }
  return descriptors;
}

#pragma GCC diagnostic pop

}  // namespace

Result<std::int32_t> listen_at(const std::string& path) {
  const auto address = address_of(path);
  if (const auto* failure = address.failure()) return *failure;
  Descriptor descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!descriptor.valid()) return Failure{"socket", errno};
  // bind(2) creates the file with the permissions of the socket.
  if (fchmod(descriptor.number(), S_IRUSR | S_IWUSR) != 0) return Failure{"fchmod", errno};
  const auto* where = reinterpret_cast<const sockaddr*>(&address.value());
  if (bind(descriptor.number(), where, sizeof(sockaddr_un)) != 0) return Failure{"bind", errno};
  if (listen(descriptor.number(), kBacklog) != 0) return Failure{"listen", errno};
  return descriptor.release();
}

Result<std::int32_t> accept_connection(std::int32_t socket) {
  int connection = -1;
  while ((connection = accept4(socket, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) < 0) {
    if (errno != EINTR && errno != ECONNABORTED) return Failure{"accept4", errno};
  }
  return connection;
}

Result<std::int32_t> connect_to(const std::string& path) {
  const auto address = address_of(path);
  if (const auto* failure = address.failure()) return *failure;
  Descriptor descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!descriptor.valid()) return Failure{"socket", errno};
  const auto* where = reinterpret_cast<const sockaddr*>(&address.value());
  while (connect(descriptor.number(), where, sizeof(sockaddr_un)) != 0) {
    if (errno != EINTR) return Failure{"connect", errno};
  }
  return descriptor.release();
}

Result<Message> receive_message(std::int32_t socket) {
  Bytes data(kMaxData);
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(kMaxDescriptors * sizeof(std::int32_t))> control{};
  iovec part{data.data(), data.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t count = 0;
  while ((count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0) {
    if (errno != EINTR) return Failure{"recvmsg", errno};
  }
  data.resize(static_cast<std::size_t>(count));
  return Message{std::move(data), descriptors_of(message)};
}

Result<std::uint32_t> send_message(std::int32_t socket, std::span<const std::byte> data, std::int32_t descriptor) {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(std::int32_t))> control{};
  // sendmsg(2) only reads through this pointer.
  iovec part{const_cast<std::byte*>(data.data()), data.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  ssize_t count = 0;
  while ((count = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT)) < 0) {
    if (errno != EINTR) return Failure{"sendmsg", errno};
  }
  return static_cast<std::uint32_t>(count);
}

}  // namespace seccomp_node
