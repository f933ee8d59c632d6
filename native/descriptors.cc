#include "descriptors.h"

#include "bind.h"
#include "core/background.h"
#include "core/descriptor.h"

namespace seccomp_node {

namespace {

void close_number(std::int32_t number) { const Descriptor closing(number); }

/** For descriptors of unknown files: close(2) waits for the file system, and a FUSE server may never respond. */
void close_in_background(std::int32_t number) {
  if (run_in_background([number] { close_number(number); })) close_number(number);
}

/** The pointer that an environment passes to its cleanup hook: it holds the number. */
void* hook_argument(std::int32_t number) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(number));
}

void close_with_environment(void* argument) {
  close_number(static_cast<std::int32_t>(reinterpret_cast<std::intptr_t>(argument)));
}

void close_descriptor(const Napi::CallbackInfo& info) {
  bool valid = true;
  const auto number = read_argument<std::int32_t>(info, 0, valid);
  if (!valid) return;
  forget_at_end(info.Env(), *number);
  close_number(*number);
}

void close_at_end(const Napi::CallbackInfo& info) {
  bool valid = true;
  const auto number = read_argument<std::int32_t>(info, 0, valid);
  if (!valid) return;
  // Environments abort if a hook is added twice. The old one may belong to a descriptor that other code has closed.
  forget_at_end(info.Env(), *number);
  napi_add_env_cleanup_hook(info.Env(), close_with_environment, hook_argument(*number));
}

}  // namespace

void forget_at_end(Napi::Env env, std::int32_t descriptor) {
  napi_remove_env_cleanup_hook(env, close_with_environment, hook_argument(descriptor));
}

void bind_descriptors(Napi::Object exports) {
  const auto env = exports.Env();
  exports.Set("closeDescriptor", Napi::Function::New<close_descriptor>(env, "closeDescriptor"));
  exports.Set("closeAtEnd", Napi::Function::New<close_at_end>(env, "closeAtEnd"));
  bind<close_in_background>(exports, "closeInBackground");
}

}  // namespace seccomp_node
