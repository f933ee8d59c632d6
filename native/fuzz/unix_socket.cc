// Messages from another program with any bytes and any number of descriptors: they arrive as sent, and no descriptor
// leaks.
#include "../core/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "../core/descriptor.h"
#include "check.h"
#include "descriptors.h"
#include "input.h"

namespace seccomp_node {

namespace {

/** What an untrusted program may send: several control messages, no or very many descriptors. */
bool send_raw(int socket, std::span<const std::uint8_t> data, std::size_t descriptors, bool credentials) {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(253 * sizeof(int)) + CMSG_SPACE(sizeof(ucred))> control{};
  iovec part{const_cast<std::uint8_t*>(data.data()), data.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  std::size_t used = 0;
  auto* header = CMSG_FIRSTHDR(&message);
  if (credentials) {
    const ucred own{getpid(), getuid(), getgid()};
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_CREDENTIALS;
    header->cmsg_len = CMSG_LEN(sizeof own);
    std::memcpy(CMSG_DATA(header), &own, sizeof own);
    used += CMSG_SPACE(sizeof own);
    header = CMSG_NXTHDR(&message, header);
  }
  if (descriptors > 0) {
    const std::vector<int> numbers(descriptors, STDERR_FILENO);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(numbers.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), numbers.data(), numbers.size() * sizeof(int));
    used += CMSG_SPACE(numbers.size() * sizeof(int));
  }
  message.msg_controllen = used;
  return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(data.size());
}

void fuzz(Input input) {
  std::array<int, 2> ends{};
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0, "there are sockets");
  const Descriptor sender(ends[0]);
  const Descriptor receiver(ends[1]);
  const bool credentials = input.below(4) == 0;
  const auto descriptors = input.below(254);
  const auto data = input.rest();
  if (data.empty()) return;
  check(send_raw(sender.number(), data, descriptors, credentials), "it is sent");
  Bytes received;
  std::size_t count = 0;
  while (received.size() < data.size()) {
    const auto message = receive_message(receiver.number());
    check(message.failure() == nullptr, "what was sent is there");
    for (const auto number : message.value().descriptors) {
      const Descriptor mine(number);
      check((fcntl(number, F_GETFD) & FD_CLOEXEC) != 0, "a descriptor is closed on exec");
      ++count;
    }
    received.insert(received.end(), message.value().data.begin(), message.value().data.end());
  }
  check(std::memcmp(received.data(), data.data(), data.size()) == 0, "the bytes are those that were sent");
  check(count == descriptors, "every descriptor came");
  check(receive_message(receiver.number()).failure() != nullptr, "nothing else is there");
}

}  // namespace

}  // namespace seccomp_node

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  seccomp_node::check_descriptors([&] { seccomp_node::fuzz({data, size}); });
  return 0;
}
