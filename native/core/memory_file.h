// A file in memory, for the functions of libseccomp that write to a descriptor.
#pragma once

#include <string>

#include "descriptor.h"
#include "result.h"

namespace seccomp_node {

class MemoryFile {
 public:
  static Result<MemoryFile> create();

  [[nodiscard]] int descriptor() const { return descriptor_.number(); }
  /** All the bytes that were written. */
  [[nodiscard]] Result<std::string> contents() const;

 private:
  explicit MemoryFile(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  Descriptor descriptor_;
};

}  // namespace seccomp_node
