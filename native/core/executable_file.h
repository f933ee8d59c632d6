// Programs that are not files of the package: the add-on holds them and puts them into memory to be executed.
#pragma once

#include <cstddef>
#include <span>

#include "descriptor.h"
#include "result.h"

namespace seccomp_node {

/** A file in memory that may be executed and that nobody can change any more. */
Result<Descriptor> executable_file(const char* name, std::span<const std::byte> bytes);

}  // namespace seccomp_node
