#include "violations.h"

#include "bind.h"
#include "core/sigsys.h"

namespace seccomp_node {

namespace {

/** Ends the listener of an environment, also when its worker ends. The handler stays, because filters stay. */
void end_listening(void* environment) { stop_listening(environment); }

Napi::Value listen(const Napi::CallbackInfo& info) {
  bool valid = true;
  const auto names = read_argument<std::string>(info, 0, valid);
  if (!valid) return info.Env().Undefined();
  const napi_env environment = info.Env();
  auto descriptor = listen_to_violations(environment, *names);
  if (descriptor.failure() == nullptr) napi_add_env_cleanup_hook(environment, end_listening, environment);
  return to_js(environment, descriptor);
}

Napi::Value take(const Napi::CallbackInfo& info) { return to_js(info.Env(), take_violations(napi_env{info.Env()})); }

Napi::Value dropped(const Napi::CallbackInfo& info) {
  return to_js(info.Env(), dropped_violations(napi_env{info.Env()}));
}

Napi::Value violations_stop(const Napi::CallbackInfo& info) {
  const napi_env environment = info.Env();
  napi_remove_env_cleanup_hook(environment, end_listening, environment);
  return to_js(environment, stop_listening(environment));
}

}  // namespace

void bind_violations(Napi::Object exports) {
  const auto env = exports.Env();
  exports.Set("violationsListen", Napi::Function::New<listen>(env, "violationsListen"));
  exports.Set("violationsTake", Napi::Function::New<take>(env, "violationsTake"));
  exports.Set("violationsDropped", Napi::Function::New<dropped>(env, "violationsDropped"));
  exports.Set("violationsStop", Napi::Function::New<violations_stop>(env, "violationsStop"));
  bind<stop_handling_traps>(exports, "stopHandlingTraps");
  bind<handles_traps>(exports, "handlesTraps");
  bind<serve_rings>(exports, "serveRings");
}

}  // namespace seccomp_node
