// Success or the C function that failed: the result of every call of the core.
#pragma once

#include <optional>
#include <utility>
#include <variant>

namespace seccomp_node {

/** A C function that failed, and why. */
struct Failure {
  const char* function;
  /** Positive errno. */
  int error;
};

/** The result of a call without a value. */
using Status = std::optional<Failure>;

inline constexpr Status kDone = std::nullopt;

/** The result of a call with a value. */
template <typename Value>
class Result {
 public:
  // Implicit, so that `return value;` and `return failure;` read as they should.
  Result(Value value) : outcome_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Failure failure) : outcome_(failure) {}       // NOLINT(google-explicit-constructor)

  [[nodiscard]] const Failure* failure() const { return std::get_if<Failure>(&outcome_); }
  /** Valid only if failure() is null. */
  [[nodiscard]] Value& value() { return *std::get_if<Value>(&outcome_); }
  [[nodiscard]] const Value& value() const { return *std::get_if<Value>(&outcome_); }

 private:
  std::variant<Value, Failure> outcome_;
};

/** Converts libseccomp's results: 0 or a negative errno. */
inline Status status(const char* function, int answer) {
  if (answer >= 0) return kDone;
  return Failure{function, -answer};
}

}  // namespace seccomp_node
