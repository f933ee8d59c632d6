#include "convert.h"

#include <sys/mman.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>

namespace seccomp_node {

namespace {

constexpr napi_type_tag kContextTag = {0x5ecc03b1f00d4c1eULL, 0x9a3d7e52c8b64f01ULL};

template <typename Integer>
std::optional<Integer> read_integer(Napi::Value value) {
  double number = 0;
  if (napi_get_value_double(value.Env(), value, &number) != napi_ok) return std::nullopt;
  if (std::trunc(number) != number || number < static_cast<double>(std::numeric_limits<Integer>::min()) ||
      number > static_cast<double>(std::numeric_limits<Integer>::max())) {
    return std::nullopt;
  }
  return static_cast<Integer>(number);
}

template <typename Element>
std::optional<std::span<Element>> read_typed_array(Napi::Value value, napi_typedarray_type expected) {
  bool is_typed_array = false;
  if (napi_is_typedarray(value.Env(), value, &is_typed_array) != napi_ok || !is_typed_array) return std::nullopt;
  napi_typedarray_type type{};
  std::size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != expected) {
    return std::nullopt;
  }
  return std::span(static_cast<Element*>(data), data == nullptr ? 0 : length);
}

/** A property, or undefined if reading it throws. */
Napi::Value property(Napi::Value object, const char* name) {
  napi_value value = nullptr;
  if (napi_get_named_property(object.Env(), object, name, &value) != napi_ok) return object.Env().Undefined();
  return {object.Env(), value};
}

Napi::Value strings(Napi::Env env, const std::vector<std::string>& values) {
  auto array = Napi::Array::New(env, values.size());
  for (std::uint32_t index = 0; index < values.size(); ++index) array.Set(index, to_js(env, values[index]));
  return array;
}

Napi::Value registers(Napi::Env env, const std::array<std::uint64_t, 6>& values) {
  auto array = Napi::Array::New(env, values.size());
  for (std::uint32_t index = 0; index < values.size(); ++index) array.Set(index, to_js(env, values[index]));
  return array;
}

Napi::Object describe(Napi::Env env, const Failure& failure) {
  auto object = Napi::Object::New(env);
  object.Set("failed", failure.function);
  object.Set("errno", failure.error);
  return object;
}

}  // namespace

std::optional<bool> FromJs<bool>::read(Napi::Value value) {
  bool flag = false;
  if (napi_get_value_bool(value.Env(), value, &flag) != napi_ok) return std::nullopt;
  return flag;
}

std::optional<std::uint8_t> FromJs<std::uint8_t>::read(Napi::Value value) { return read_integer<std::uint8_t>(value); }

std::optional<std::int32_t> FromJs<std::int32_t>::read(Napi::Value value) { return read_integer<std::int32_t>(value); }

std::optional<std::uint32_t> FromJs<std::uint32_t>::read(Napi::Value value) {
  return read_integer<std::uint32_t>(value);
}

std::optional<std::int64_t> FromJs<std::int64_t>::read(Napi::Value value) {
  std::int64_t number = 0;
  bool lossless = false;
  if (napi_get_value_bigint_int64(value.Env(), value, &number, &lossless) != napi_ok || !lossless) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> FromJs<std::uint64_t>::read(Napi::Value value) {
  std::uint64_t number = 0;
  bool lossless = false;
  if (napi_get_value_bigint_uint64(value.Env(), value, &number, &lossless) != napi_ok || !lossless) {
    return std::nullopt;
  }
  return number;
}

std::optional<std::string> FromJs<std::string>::read(Napi::Value value) {
  std::size_t length = 0;
  if (napi_get_value_string_utf8(value.Env(), value, nullptr, 0, &length) != napi_ok) return std::nullopt;
  std::string text(length, '\0');
  if (napi_get_value_string_utf8(value.Env(), value, text.data(), length + 1, &length) != napi_ok) {
    return std::nullopt;
  }
  if (text.find('\0') != std::string::npos) return std::nullopt;
  return text;
}

std::optional<std::vector<std::string>> FromJs<std::vector<std::string>>::read(Napi::Value value) {
  std::uint32_t length = 0;
  bool is_array = false;
  if (napi_is_array(value.Env(), value, &is_array) != napi_ok || !is_array ||
      napi_get_array_length(value.Env(), value, &length) != napi_ok) {
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (std::uint32_t index = 0; index < length; ++index) {
    napi_value element = nullptr;
    if (napi_get_element(value.Env(), value, index, &element) != napi_ok) return std::nullopt;
    auto text = FromJs<std::string>::read({value.Env(), element});
    if (!text) return std::nullopt;
    texts.push_back(std::move(*text));
  }
  return texts;
}

std::optional<std::span<const std::byte>> FromJs<std::span<const std::byte>>::read(Napi::Value value) {
  return read_typed_array<const std::byte>(value, napi_uint8_array);
}

std::optional<std::span<const std::uint32_t>> FromJs<std::span<const std::uint32_t>>::read(Napi::Value value) {
  return read_typed_array<const std::uint32_t>(value, napi_uint32_array);
}

std::optional<std::span<const std::uint64_t>> FromJs<std::span<const std::uint64_t>>::read(Napi::Value value) {
  return read_typed_array<const std::uint64_t>(value, napi_biguint64_array);
}

std::optional<std::span<std::uint64_t>> FromJs<std::span<std::uint64_t>>::read(Napi::Value value) {
  return read_typed_array<std::uint64_t>(value, napi_biguint64_array);
}

std::optional<RuleTable> FromJs<RuleTable>::read(Napi::Value value) {
  // Getters run here and not afterwards, so the views below stay valid.
  const auto default_action_value = property(value, "defaultAction");
  const auto bad_arch_value = property(value, "badArch");
  const auto optimize_value = property(value, "optimize");
  const auto archs_value = property(value, "archs");
  const auto rules_value = property(value, "rules");
  const auto comparisons_value = property(value, "comparisons");

  const auto default_action = FromJs<std::uint32_t>::read(default_action_value);
  const auto bad_arch = FromJs<std::uint32_t>::read(bad_arch_value);
  const auto optimize = FromJs<std::uint32_t>::read(optimize_value);
  const auto archs = FromJs<std::span<const std::uint32_t>>::read(archs_value);
  const auto rules = FromJs<std::span<const std::uint32_t>>::read(rules_value);
  const auto comparisons = FromJs<std::span<const std::uint64_t>>::read(comparisons_value);
  if (!default_action || !bad_arch || !optimize || !archs || !rules || !comparisons) return std::nullopt;
  return RuleTable{*default_action, *bad_arch, *optimize, *archs, *rules, *comparisons};
}

std::optional<Context*> FromJs<Context*>::read(Napi::Value value) {
  bool tagged = false;
  void* context = nullptr;
  if (value.Type() != napi_external ||
      napi_check_object_type_tag(value.Env(), value, &kContextTag, &tagged) != napi_ok || !tagged ||
      napi_get_value_external(value.Env(), value, &context) != napi_ok) {
    return std::nullopt;
  }
  return static_cast<Context*>(context);
}

Napi::Value to_js(Napi::Env env, bool value) { return Napi::Boolean::New(env, value); }
Napi::Value to_js(Napi::Env env, std::int32_t value) { return Napi::Number::New(env, value); }
Napi::Value to_js(Napi::Env env, std::uint32_t value) { return Napi::Number::New(env, value); }
Napi::Value to_js(Napi::Env env, std::uint64_t value) { return Napi::BigInt::New(env, value); }
Napi::Value to_js(Napi::Env env, const std::string& value) { return Napi::String::New(env, value); }

Napi::Value to_js(Napi::Env env, const Bytes& value) {
  return Napi::Buffer<std::uint8_t>::Copy(env, value.data(), value.size());
}

Napi::Value to_js(Napi::Env env, const Version& value) {
  auto object = Napi::Object::New(env);
  object.Set("major", value.major);
  object.Set("minor", value.minor);
  object.Set("micro", value.micro);
  return object;
}

Napi::Value to_js(Napi::Env env, const NotificationSizes& value) {
  auto object = Napi::Object::New(env);
  object.Set("notification", value.notification);
  object.Set("response", value.response);
  object.Set("data", value.data);
  return object;
}

Napi::Value to_js(Napi::Env env, const Probe& value) {
  auto object = Napi::Object::New(env);
  object.Set("release", value.release);
  object.Set("filter", value.filter);
  object.Set("actions", strings(env, value.actions));
  object.Set("flags", strings(env, value.flags));
  object.Set("notificationSizes", to_js(env, value.notification_sizes));
  object.Set("jit", to_js(env, value.jit));
  object.Set("landlock", value.landlock);
  object.Set("landlockError", value.landlock_error);
  object.Set("ringFilterError", value.ring_filter_error);
  return object;
}

Napi::Value to_js(Napi::Env env, const Notification& value) {
  auto object = Napi::Object::New(env);
  object.Set("id", to_js(env, value.id));
  object.Set("pid", value.pid);
  object.Set("flags", value.flags);
  object.Set("syscall", value.syscall);
  object.Set("arch", value.arch);
  object.Set("instructionPointer", to_js(env, value.instruction_pointer));
  object.Set("args", registers(env, value.args));
  return object;
}

Napi::Value to_js(Napi::Env env, const Message& value) {
  auto descriptors = Napi::Array::New(env, value.descriptors.size());
  for (std::uint32_t index = 0; index < value.descriptors.size(); ++index) {
    descriptors.Set(index, value.descriptors[index]);
  }
  auto object = Napi::Object::New(env);
  object.Set("data", to_js(env, value.data));
  object.Set("descriptors", descriptors);
  return object;
}

Napi::Value to_js(Napi::Env env, const Violation& value) {
  const auto& call = value.call;
  auto object = Napi::Object::New(env);
  object.Set("arch", call.arch);
  object.Set("syscall", call.number);
  object.Set("args", registers(env, call.args));
  object.Set("errno", call.error);
  object.Set("threadId", call.thread_id);
  object.Set("threadName", value.thread_name);
  object.Set("instructionPointer", to_js(env, call.instruction_pointer));
  object.Set("count", value.count);
  return object;
}

Napi::Value to_js(Napi::Env env, const std::vector<Violation>& value) {
  auto array = Napi::Array::New(env, value.size());
  for (std::uint32_t index = 0; index < value.size(); ++index) array.Set(index, to_js(env, value[index]));
  return array;
}

Napi::Value to_js(Napi::Env env, const CompiledTable& value) {
  auto object = Napi::Object::New(env);
  object.Set("bpf", to_js(env, value.bpf));
  object.Set("pfc", to_js(env, value.pfc));
  return object;
}

Napi::Value to_js(Napi::Env env, const Listener& value) {
  auto object = Napi::Object::New(env);
  object.Set("listener", value.descriptor);
  return object;
}

Napi::Value to_js(Napi::Env env, const std::vector<LiveFilter>& value) {
  auto array = Napi::Array::New(env, value.size());
  for (std::uint32_t index = 0; index < value.size(); ++index) {
    auto object = Napi::Object::New(env);
    object.Set("program", to_js(env, value[index].program));
    object.Set("flags", to_js(env, value[index].flags));
    array.Set(index, object);
  }
  return array;
}

Napi::Value to_js(Napi::Env env, const std::vector<std::int32_t>& value) {
  auto array = Napi::Array::New(env, value.size());
  for (std::uint32_t index = 0; index < value.size(); ++index) array.Set(index, to_js(env, value[index]));
  return array;
}

Napi::Value to_js(Napi::Env env, const Launch& value) {
  auto object = Napi::Object::New(env);
  object.Set("image", value.image);
  object.Set("report", value.report);
  object.Set("awaited", value.awaited);
  object.Set("held", value.held);
  return object;
}

Napi::Value to_js(Napi::Env env, const TracerFiles& value) {
  auto object = Napi::Object::New(env);
  object.Set("image", value.image);
  object.Set("table", value.table);
  object.Set("woken", value.woken);
  object.Set("wake", value.wake);
  object.Set("forTracer", value.for_tracer);
  object.Set("forLauncher", value.for_launcher);
  object.Set("stopped", value.stopped);
  object.Set("stop", value.stop);
  return object;
}

Napi::Value to_js(Napi::Env env, std::span<std::byte> mapping) {
  const auto size = mapping.size();
  const auto unmap = [size](Napi::Env /*env*/, void* memory) { munmap(memory, size); };
  return Napi::ArrayBuffer::New(env, mapping.data(), size, unmap);
}

Napi::Value to_js(Napi::Env env, const PerfRecorderFiles& value) {
  auto object = Napi::Object::New(env);
  object.Set("image", value.image);
  object.Set("table", value.table);
  object.Set("woken", value.woken);
  object.Set("wake", value.wake);
  object.Set("forRecorder", value.for_recorder);
  object.Set("forStarter", value.for_starter);
  object.Set("stopped", value.stopped);
  object.Set("stop", value.stop);
  return object;
}

Napi::Value to_js(Napi::Env env, const Failure& value) { return describe(env, value); }

Napi::Value to_js(Napi::Env env, const LoadFailure& value) {
  auto object = describe(env, value.failure);
  object.Set("threadId", value.thread_id);
  object.Set("threadName", value.thread_name);
  return object;
}

Napi::Value to_js(Napi::Env env, Context& value) {
  auto owned = std::make_unique<Context>(std::move(value));
  auto handle = Napi::External<Context>::New(env, owned.get(), [](Napi::Env, Context* context) { delete context; });
  if (handle.IsEmpty()) return handle;
  // The finalizer owns it now.
  static_cast<void>(owned.release());
  handle.TypeTag(&kContextTag);
  return handle;
}

}  // namespace seccomp_node
