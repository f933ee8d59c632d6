// Descriptors that JavaScript holds as numbers, and how they are closed.
#pragma once

#include <napi.h>

#include <cstdint>

namespace seccomp_node {

/** Removes the hook that closes a descriptor at the end of an environment, because other code closes it. */
void forget_at_end(Napi::Env env, std::int32_t descriptor);

void bind_descriptors(Napi::Object exports);

}  // namespace seccomp_node
