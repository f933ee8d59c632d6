// AF_UNIX streams that carry descriptors, which Node cannot do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "context.h"
#include "result.h"

namespace seccomp_node {

/** What one recvmsg(2) gives. Nothing at all is the end. */
struct Message {
  Bytes data;
  /** Close-on-exec, and the caller's to close. */
  std::vector<std::int32_t> descriptors;
};

/** A socket that listens at a path, for this user alone, close-on-exec and not blocking. */
Result<std::int32_t> listen_at(const std::string& path);

/** The next connection, not blocking: EAGAIN for none. */
Result<std::int32_t> accept_connection(std::int32_t socket);

/** A connection to the socket at a path, not blocking: EAGAIN where the queue of those who wait there is full. */
Result<std::int32_t> connect_to(const std::string& path);

/** recvmsg(2). EAGAIN where the socket does not block and nothing is there. */
Result<Message> receive_message(std::int32_t socket);

/**
 * sendmsg(2), never waiting: gives the number of bytes that were taken, EAGAIN for none. A descriptor goes beside the
 * first of them; -1 for none.
 */
Result<std::uint32_t> send_message(std::int32_t socket, std::span<const std::byte> data, std::int32_t descriptor);

}  // namespace seccomp_node
