// Watches descriptors of any kind in the event loop of an environment, for which Node has no API.
#pragma once

#include <napi.h>

namespace seccomp_node {

void bind_watch(Napi::Object exports);

}  // namespace seccomp_node
