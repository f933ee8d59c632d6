#include "sha256.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace seccomp_node {

namespace {

constexpr std::size_t kBlockSize = 64;
constexpr std::size_t kRounds = 64;
constexpr std::size_t kLengthSize = 8;
constexpr std::byte kEndOfMessage{0x80};

using Block = std::array<std::byte, kBlockSize>;
using State = std::array<std::uint32_t, 8>;

/** Section 5.3.3: the fractional parts of the square roots of the first 8 primes. */
constexpr State kInitial{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/** Section 4.2.2: the fractional parts of the cube roots of the first 64 primes. */
constexpr std::array<std::uint32_t, kRounds> kConstants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/** Section 6.2.2. */
void add_block(State& state, std::span<const std::byte, kBlockSize> block) {
  std::array<std::uint32_t, kRounds> schedule{};
  for (std::size_t index = 0; index < kBlockSize; ++index) {
    auto& word = schedule.at(index / 4);
    word = (word << 8U) | std::to_integer<std::uint32_t>(block[index]);
  }
  for (std::size_t round = 16; round < kRounds; ++round) {
    const auto early = schedule.at(round - 15);
    const auto late = schedule.at(round - 2);
    schedule.at(round) = (std::rotr(late, 17) ^ std::rotr(late, 19) ^ (late >> 10U)) + schedule.at(round - 7) +
                         (std::rotr(early, 7) ^ std::rotr(early, 18) ^ (early >> 3U)) + schedule.at(round - 16);
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const auto first = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) +
                       kConstants.at(round) + schedule.at(round);
    const auto second = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + second;
  }
  const State added{a, b, c, d, e, f, g, h};
  for (std::size_t index = 0; index < state.size(); ++index) state.at(index) += added.at(index);
}

}  // namespace

std::vector<std::uint8_t> sha256(std::span<const std::byte> message) {
  auto state = kInitial;
  auto rest = message;
  for (; rest.size() >= kBlockSize; rest = rest.subspan(kBlockSize)) add_block(state, rest.first<kBlockSize>());

  // Section 5.1.1: the end of the message, then its length in bits at the end of a block.
  Block block{};
  std::ranges::copy(rest, block.begin());
  block.at(rest.size()) = kEndOfMessage;
  if (rest.size() >= kBlockSize - kLengthSize) {
    add_block(state, block);
    block.fill(std::byte{0});
  }
  const auto bits = std::uint64_t{message.size()} * 8;
  for (std::size_t index = 0; index < kLengthSize; ++index)
    block.at(kBlockSize - 1 - index) = static_cast<std::byte>(bits >> (8 * index));
  add_block(state, block);

  std::vector<std::uint8_t> digest;
  for (const auto word : state) {
    for (const auto shift : {24U, 16U, 8U, 0U}) digest.push_back(static_cast<std::uint8_t>(word >> shift));
  }
  return digest;
}

}  // namespace seccomp_node
