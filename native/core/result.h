// Success or the C function that failed: how every call of the core reports.
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

/** The outcome of a call that gives nothing but success. */
using Status = std::optional<Failure>;

inline constexpr Status kDone = std::nullopt;

/** The outcome of a call that gives a value. */
template <typename Value>
class Result {
 public:
  // Implicit, so that `return value;` and `return failure;` read as they should.
  Result(Value value) : outcome_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Failure failure) : outcome_(failure) {}       // NOLINT(google-explicit-constructor)

  [[nodiscard]] const Failure* failure() const { return std::get_if<Failure>(&outcome_); }
  /** Only where failure() is null. */
  [[nodiscard]] Value& value() { return *std::get_if<Value>(&outcome_); }
  [[nodiscard]] const Value& value() const { return *std::get_if<Value>(&outcome_); }

 private:
  std::variant<Value, Failure> outcome_;
};

/** Reads libseccomp's way to report: 0 or a negative errno. */
inline Status status(const char* function, int answer) {
  if (answer >= 0) return kDone;
  return Failure{function, -answer};
}

}  // namespace seccomp_node
