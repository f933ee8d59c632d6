// AF_UNIX streams with descriptors, which Node does not support.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "context.h"
#include "result.h"

namespace seccomp_node {

/** The result of one recvmsg(2); empty at the end. */
struct Message {
  Bytes data;
  /** Close-on-exec; the caller closes them. */
  std::vector<std::int32_t> descriptors;
};

/** A socket that listens at a path that only this user can access; close-on-exec and non-blocking. */
Result<std::int32_t> listen_at(const std::string& path);

/** The next connection, non-blocking: EAGAIN for none. */
Result<std::int32_t> accept_connection(std::int32_t socket);

/** A connection to the socket at a path, non-blocking: EAGAIN if its queue is full. */
Result<std::int32_t> connect_to(const std::string& path);

/** recvmsg(2). EAGAIN if the socket is non-blocking and there is no data. */
Result<Message> receive_message(std::int32_t socket);

/**
 * sendmsg(2) without waiting: returns the number of bytes sent, or EAGAIN. The descriptor is sent with the first byte;
 * -1 for none.
 */
Result<std::uint32_t> send_message(std::int32_t socket, std::span<const std::byte> data, std::int32_t descriptor);

}  // namespace seccomp_node
