// Programs that are part of the add-on, which puts them into memory files to execute them.
#pragma once

#include <cstddef>
#include <span>

#include "descriptor.h"
#include "result.h"

namespace seccomp_node {

/** An executable file in memory that can no longer be changed. */
Result<Descriptor> executable_file(const char* name, std::span<const std::byte> bytes);

}  // namespace seccomp_node
