// Converts JavaScript values to the core's types and back. A value of the wrong type is absent, never a crash.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/compile_table.h"
#include "core/context.h"
#include "core/launch.h"
#include "core/library.h"
#include "core/load.h"
#include "core/notify.h"
#include "core/perf_recorder.h"
#include "core/probe.h"
#include "core/read_filters.h"
#include "core/result.h"
#include "core/tracer.h"
#include "core/unix_socket.h"
#include "core/violation_log.h"

namespace seccomp_node {

/** How an argument of a type is read; `kExpected` completes "argument 1 must be ...". */
template <typename Type>
struct FromJs;

template <>
struct FromJs<bool> {
  static constexpr auto kExpected = "a boolean";
  static std::optional<bool> read(Napi::Value value);
};

template <>
struct FromJs<std::uint8_t> {
  static constexpr auto kExpected = "an integer from 0 to 255";
  static std::optional<std::uint8_t> read(Napi::Value value);
};

template <>
struct FromJs<std::int32_t> {
  static constexpr auto kExpected = "a signed 32-bit integer";
  static std::optional<std::int32_t> read(Napi::Value value);
};

template <>
struct FromJs<std::uint32_t> {
  static constexpr auto kExpected = "an unsigned 32-bit integer";
  static std::optional<std::uint32_t> read(Napi::Value value);
};

template <>
struct FromJs<std::int64_t> {
  static constexpr auto kExpected = "a bigint of 64 signed bits";
  static std::optional<std::int64_t> read(Napi::Value value);
};

template <>
struct FromJs<std::uint64_t> {
  static constexpr auto kExpected = "a bigint of 64 unsigned bits";
  static std::optional<std::uint64_t> read(Napi::Value value);
};

template <>
struct FromJs<std::string> {
  static constexpr auto kExpected = "a string without NUL";
  static std::optional<std::string> read(Napi::Value value);
};

template <>
struct FromJs<std::vector<std::string>> {
  static constexpr auto kExpected = "an array of strings without NUL";
  static std::optional<std::vector<std::string>> read(Napi::Value value);
};

/** Views are valid until JavaScript runs again. */
template <>
struct FromJs<std::span<const std::byte>> {
  static constexpr auto kExpected = "a Uint8Array";
  static std::optional<std::span<const std::byte>> read(Napi::Value value);
};

template <>
struct FromJs<std::span<const std::uint32_t>> {
  static constexpr auto kExpected = "a Uint32Array";
  static std::optional<std::span<const std::uint32_t>> read(Napi::Value value);
};

template <>
struct FromJs<std::span<const std::uint64_t>> {
  static constexpr auto kExpected = "a BigUint64Array";
  static std::optional<std::span<const std::uint64_t>> read(Napi::Value value);
};

/** A writable view. */
template <>
struct FromJs<std::span<std::uint64_t>> {
  static constexpr auto kExpected = "a BigUint64Array";
  static std::optional<std::span<std::uint64_t>> read(Napi::Value value);
};

template <>
struct FromJs<RuleTable> {
  static constexpr auto kExpected = "a rule table";
  static std::optional<RuleTable> read(Napi::Value value);
};

/** A handle that contextInit made: anything else lacks its tag. */
template <>
struct FromJs<Context*> {
  static constexpr auto kExpected = "a context handle";
  static std::optional<Context*> read(Napi::Value value);
};

Napi::Value to_js(Napi::Env env, bool value);
Napi::Value to_js(Napi::Env env, std::int32_t value);
Napi::Value to_js(Napi::Env env, std::uint32_t value);
Napi::Value to_js(Napi::Env env, std::uint64_t value);
Napi::Value to_js(Napi::Env env, const std::string& value);
Napi::Value to_js(Napi::Env env, const Bytes& value);
Napi::Value to_js(Napi::Env env, const Version& value);
Napi::Value to_js(Napi::Env env, const NotificationSizes& value);
Napi::Value to_js(Napi::Env env, const Probe& value);
Napi::Value to_js(Napi::Env env, const Notification& value);
Napi::Value to_js(Napi::Env env, const Message& value);
Napi::Value to_js(Napi::Env env, const CompiledTable& value);
Napi::Value to_js(Napi::Env env, const Violation& value);
Napi::Value to_js(Napi::Env env, const std::vector<Violation>& value);
Napi::Value to_js(Napi::Env env, const Listener& value);
Napi::Value to_js(Napi::Env env, const std::vector<LiveFilter>& value);
Napi::Value to_js(Napi::Env env, const std::vector<std::int32_t>& value);
Napi::Value to_js(Napi::Env env, const Launch& value);
Napi::Value to_js(Napi::Env env, const TracerFiles& value);
/** A view of a mapping, which is unmapped with it. */
Napi::Value to_js(Napi::Env env, std::span<std::byte> mapping);
Napi::Value to_js(Napi::Env env, const PerfRecorderFiles& value);
Napi::Value to_js(Napi::Env env, const Failure& value);
Napi::Value to_js(Napi::Env env, const LoadFailure& value);
/** A handle that owns the context. */
Napi::Value to_js(Napi::Env env, Context& value);

template <typename Value>
Napi::Value to_js(Napi::Env env, const std::optional<Value>& value) {
  return value ? to_js(env, *value) : env.Undefined();
}

template <typename Value>
Napi::Value to_js(Napi::Env env, Result<Value>& result) {
  if (const auto* failure = result.failure()) return to_js(env, *failure);
  return to_js(env, result.value());
}

template <typename... Values>
Napi::Value to_js(Napi::Env env, const std::variant<Values...>& value) {
  return std::visit([env](const auto& held) { return to_js(env, held); }, value);
}

}  // namespace seccomp_node
