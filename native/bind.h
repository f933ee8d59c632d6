// Makes an export of a core function: reads its arguments by their C++ types, calls it, converts the result.
#pragma once

#include <napi.h>

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "convert.h"

namespace seccomp_node {

/**
 * How an argument is stored during the call: by value or, for a reference to a context, as the pointer in its handle.
 */
template <typename Argument>
using Stored =
    std::conditional_t<std::is_lvalue_reference_v<Argument> && std::is_same_v<std::remove_cvref_t<Argument>, Context>,
                       Context*, std::remove_cvref_t<Argument>>;

template <typename Argument>
decltype(auto) passed(Stored<Argument>& stored) {
  if constexpr (std::is_same_v<Stored<Argument>, Context*>) {
    return *stored;
  } else {
    return std::move(stored);
  }
}

/** Reads one argument, or throws a TypeError that names the first one that is wrong. */
template <typename Argument>
auto read_argument(const Napi::CallbackInfo& info, std::size_t index, bool& valid) {
  using Reader = FromJs<Stored<Argument>>;
  if (!valid) return decltype(Reader::read(info[index])){};
  auto value = Reader::read(info[index]);
  if (!value) {
    valid = false;
    if (!info.Env().IsExceptionPending()) {
      Napi::TypeError::New(info.Env(), "argument " + std::to_string(index + 1) + " must be " + Reader::kExpected)
          .ThrowAsJavaScriptException();
    }
  }
  return value;
}

template <typename Answer, typename... Arguments, typename Function, std::size_t... Indices>
Napi::Value call(const Napi::CallbackInfo& info, Function function, std::index_sequence<Indices...>) {
  bool valid = true;
  // Braces are evaluated from left to right.
  std::tuple<decltype(read_argument<Arguments>(info, Indices, valid))...> values{
      read_argument<Arguments>(info, Indices, valid)...};
  if (!valid) return info.Env().Undefined();
  if constexpr (std::is_void_v<Answer>) {
    function(passed<Arguments>(*std::get<Indices>(values))...);
    return info.Env().Undefined();
  } else {
    auto answer = function(passed<Arguments>(*std::get<Indices>(values))...);
    return to_js(info.Env(), answer);
  }
}

template <auto Function>
struct Binding;

template <typename Answer, typename... Arguments, Answer (*Function)(Arguments...)>
struct Binding<Function> {
  static Napi::Value invoke(const Napi::CallbackInfo& info) {
    return call<Answer, Arguments...>(info, Function, std::index_sequence_for<Arguments...>());
  }
};

template <typename Answer, typename... Arguments, Answer (Context::*Method)(Arguments...)>
struct Binding<Method> {
  static Napi::Value invoke(const Napi::CallbackInfo& info) {
    return call<Answer, Context&, Arguments...>(
        info,
        [](Context& context, Arguments... arguments) -> Answer {
          return (context.*Method)(std::forward<Arguments>(arguments)...);
        },
        std::index_sequence_for<Context&, Arguments...>());
  }
};

template <typename Answer, typename... Arguments, Answer (Context::*Method)(Arguments...) const>
struct Binding<Method> {
  static Napi::Value invoke(const Napi::CallbackInfo& info) {
    return call<Answer, Context&, Arguments...>(
        info,
        [](Context& context, Arguments... arguments) -> Answer {
          return (context.*Method)(std::forward<Arguments>(arguments)...);
        },
        std::index_sequence_for<Context&, Arguments...>());
  }
};

/** Adds a core function to the exports. */
template <auto Function>
void bind(Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<&Binding<Function>::invoke>(exports.Env(), name));
}

}  // namespace seccomp_node
