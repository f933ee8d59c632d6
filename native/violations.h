// The exports about violations, which depend on the calling environment.
#pragma once

#include <napi.h>

namespace seccomp_node {

void bind_violations(Napi::Object exports);

}  // namespace seccomp_node
