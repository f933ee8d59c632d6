// Turns a fuzzer's bytes into numbers and choices, in order; after the last byte, zeros.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace seccomp_node {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  /** The bytes that are left. */
  [[nodiscard]] std::span<const std::uint8_t> rest() const { return rest_; }

  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }

  /** From 0 up to, not including, `count`. */
  std::size_t below(std::size_t count) { return byte() % count; }

  template <typename Number>
  Number number() {
    std::uint64_t value = 0;
    for (std::size_t index = 0; index < sizeof(Number); ++index) value = value << 8U | byte();
    return static_cast<Number>(value);
  }

  template <typename Item, std::size_t kCount>
  Item pick(const std::array<Item, kCount>& items) {
    return items[below(kCount)];
  }

  /** Usually a meaningful value, sometimes any. */
  template <typename Item, std::size_t kCount>
  Item often(const std::array<Item, kCount>& items) {
    const auto choice = below(kCount + 1);
    return choice < kCount ? items[choice] : number<Item>();
  }

  std::string text(std::size_t most) {
    const auto length = below(most + 1);
    std::string result;
    while (result.size() < length && !empty()) result.push_back(static_cast<char>(byte()));
    return result;
  }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace seccomp_node
