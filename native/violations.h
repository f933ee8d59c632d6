// The exports about violations, which need to know the environment that they belong to.
#pragma once

#include <napi.h>

namespace seccomp_node {

void bind_violations(Napi::Object exports);

}  // namespace seccomp_node
