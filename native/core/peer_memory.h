// Reads the memory of another process.
#pragma once

#include <cstdint>

#include "context.h"
#include "result.h"

namespace seccomp_node {

/** process_vm_readv(2): as many bytes as are mapped from the address on, `length` at most. EFAULT where none are. */
Result<Bytes> read_memory(std::int32_t pid, std::uint64_t address, std::uint32_t length);

}  // namespace seccomp_node
