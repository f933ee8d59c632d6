// SHA-256 (FIPS 180-4), for the digests of stored programs: loading Node's crypto for one digest would take a fifth of
// the start of applyProfile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace seccomp_node {

/** The 32 bytes of the digest. */
std::vector<std::uint8_t> sha256(std::span<const std::byte> message);

}  // namespace seccomp_node
