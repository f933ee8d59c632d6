#include "watch.h"

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bind.h"
#include "core/descriptor.h"
#include "core/notify_listener.h"
#include "core/peer_memory.h"
#include "descriptors.h"

// The part of libuv's ABI that is used here, which is the same for every 1.x: the Node-API headers do not include
// libuv's.
extern "C" {
struct uv_handle_s;
std::size_t uv_handle_size(int type);
void uv_handle_set_data(uv_handle_s* handle, void* data);
void* uv_handle_get_data(const uv_handle_s* handle);
void uv_close(uv_handle_s* handle, void (*callback)(uv_handle_s*));
void uv_ref(uv_handle_s* handle);
void uv_unref(uv_handle_s* handle);
int uv_poll_init(uv_loop_s* loop, uv_handle_s* handle, int descriptor);
int uv_poll_start(uv_handle_s* handle, int events, void (*callback)(uv_handle_s*, int status, int events));
}

namespace seccomp_node {

namespace {

/** uv_handle_type and uv_poll_event. */
constexpr int kUvPoll = 8;
constexpr int kUvReadable = 1;
constexpr int kUvDisconnect = 4;

constexpr napi_type_tag kWatchTag = {0x5ecc03b1f00d4c1eULL, 0x2f6c1d9ab3e04877ULL};

/** Computes the argument of the callback: whether the descriptor is readable, or the result of a read. */
using Tell = std::function<Napi::Value(Napi::Env env, std::int32_t descriptor, bool readable)>;

/** A watched descriptor. It lives until libuv has closed its handle, which happens at the end of the environment at
 * the latest. */
class Watch {
 public:
  /** Takes ownership of the descriptor on success; the watch then owns itself. */
  static Result<Watch*> start(Napi::Env env, std::int32_t descriptor, Tell tell, Napi::Function callback) {
    uv_loop_s* loop = nullptr;
    if (napi_get_uv_event_loop(env, &loop) != napi_ok) return Failure{"napi_get_uv_event_loop", EINVAL};
    auto watch = std::make_unique<Watch>(env, std::move(tell), callback);
    auto* const handle = watch->handle();
    if (const int error = uv_poll_init(loop, handle, descriptor); error != 0) return Failure{"uv_poll_init", -error};
    uv_handle_set_data(handle, watch.get());
    watch->descriptor_ = descriptor;
    forget_at_end(env, descriptor);
    auto* const running = watch.release();
    napi_add_async_cleanup_hook(env, end_with_environment, running, &running->hook_);
    if (const int error = uv_poll_start(handle, kUvReadable | kUvDisconnect, call); error != 0) {
      running->descriptor_ = -1;
      running->stop();
      return Failure{"uv_poll_start", -error};
    }
    return running;
  }

  Watch(Napi::Env env, Tell tell, Napi::Function callback)
      : env_(env), tell_(std::move(tell)), callback_(Napi::Persistent(callback)), memory_(uv_handle_size(kUvPoll)) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() {
    // JavaScript may still hold the handle.
    if (holder_ != nullptr) *holder_ = nullptr;
  }

  /** Sets the pointer that is cleared when this watch is destroyed. */
  void set_holder(Watch** holder) { holder_ = holder; }

  /** Keeps the event loop alive, or not. */
  void keep_alive(bool wanted) { wanted ? uv_ref(handle()) : uv_unref(handle()); }

  /** Ends the watch and closes the descriptor. */
  void stop() {
    if (stopping_) return;
    stopping_ = true;
    // libuv releases the descriptor at once, and its memory later.
    const Descriptor closing(std::exchange(descriptor_, -1));
    uv_close(handle(), [](uv_handle_s* handle) {
      auto* const watch = static_cast<Watch*>(uv_handle_get_data(handle));
      const auto hook = watch->hook_;
      delete watch;
      if (hook != nullptr) napi_remove_async_cleanup_hook(hook);
    });
  }

 private:
  [[nodiscard]] uv_handle_s* handle() { return reinterpret_cast<uv_handle_s*>(memory_.data()); }

  static void end_with_environment(napi_async_cleanup_hook_handle /*hook*/, void* watch) {
    static_cast<Watch*>(watch)->stop();
  }

  /** Errors are reported as readable: the read then fails. */
  static void call(uv_handle_s* handle, int status, int events) {
    auto& watch = *static_cast<Watch*>(uv_handle_get_data(handle));
    const Napi::HandleScope scope(watch.env_);
    napi_value result = nullptr;
    napi_value error = nullptr;
    const napi_env env = watch.env_;
    const napi_value told = watch.tell_(watch.env_, watch.descriptor_, status == 0 && (events & kUvDisconnect) == 0);
    const auto called =
        napi_make_callback(env, nullptr, watch.env_.Global(), watch.callback_.Value(), 1, &told, &result);
    if (called == napi_pending_exception && napi_get_and_clear_last_exception(env, &error) == napi_ok) {
      napi_fatal_exception(env, error);
    }
  }

  Napi::Env env_;
  Tell tell_;
  Napi::FunctionReference callback_;
  std::vector<std::byte> memory_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  Watch** holder_ = nullptr;
  std::int32_t descriptor_ = -1;
  bool stopping_ = false;
};

/** The watch of a handle: null once it has ended, absent if the value is not a handle. */
std::optional<Watch**> watch_of(Napi::Value value) {
  bool tagged = false;
  void* holder = nullptr;
  if (value.Type() != napi_external || napi_check_object_type_tag(value.Env(), value, &kWatchTag, &tagged) != napi_ok ||
      !tagged || napi_get_value_external(value.Env(), value, &holder) != napi_ok) {
    return std::nullopt;
  }
  return static_cast<Watch**>(holder);
}

/** Starts a watch whose callback is the last argument. */
Napi::Value start(const Napi::CallbackInfo& info, std::int32_t descriptor, Tell tell, std::size_t callback) {
  if (!info[callback].IsFunction()) {
    Napi::TypeError::New(info.Env(), "argument " + std::to_string(callback + 1) + " must be a function")
        .ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  auto started = Watch::start(info.Env(), descriptor, std::move(tell), info[callback].As<Napi::Function>());
  if (const auto* failure = started.failure()) return to_js(info.Env(), *failure);
  auto* const holder = new Watch*(started.value());
  started.value()->set_holder(holder);
  auto handle = Napi::External<Watch*>::New(info.Env(), holder, [](Napi::Env /*env*/, Watch** gone) {
    if (*gone != nullptr) (*gone)->set_holder(nullptr);
    delete gone;
  });
  napi_type_tag_object(info.Env(), handle, &kWatchTag);
  return handle;
}

Napi::Value watch(const Napi::CallbackInfo& info) {
  bool valid = true;
  const auto descriptor = read_argument<std::int32_t>(info, 0, valid);
  if (!valid) return info.Env().Undefined();
  const auto tell = [](Napi::Env env, std::int32_t /*descriptor*/, bool readable) { return to_js(env, readable); };
  return start(info, *descriptor, tell, 1);
}

/** Watches a listener. Calls are received before the callback runs, which gets their number. */
Napi::Value watch_calls(const Napi::CallbackInfo& info) {
  bool valid = true;
  const auto listener = read_argument<std::int32_t>(info, 0, valid);
  const auto record = read_argument<std::span<std::uint64_t>>(info, 1, valid);
  const auto exclusive = read_argument<bool>(info, 2, valid);
  if (!valid) return info.Env().Undefined();
  // The address of a typed array does not change while it is referenced.
  const auto kept = std::make_shared<Napi::ObjectReference>(Napi::Persistent(info[1].As<Napi::Object>()));
  const auto tell = [kept, room = *record, alone = *exclusive](Napi::Env env, std::int32_t descriptor, bool readable) {
    auto taken = take_notifications(descriptor, room, readable && alone);
    return to_js(env, taken);
  };
  return start(info, *listener, tell, 3);
}

/** Starts a read of another process's memory at once, and reports its end. */
Napi::Value read_memory(const Napi::CallbackInfo& info) {
  bool valid = true;
  const auto pid = read_argument<std::int32_t>(info, 0, valid);
  const auto address = read_argument<std::uint64_t>(info, 1, valid);
  const auto length = read_argument<std::uint32_t>(info, 2, valid);
  const auto limit = read_argument<std::uint32_t>(info, 3, valid);
  if (!valid) return info.Env().Undefined();
  const auto read = std::make_shared<MemoryRead>(*pid, *address, *length, *limit);
  auto finished = start_read(read);
  if (const auto* failure = finished.failure()) return to_js(info.Env(), *failure);
  Descriptor end(finished.value());
  const auto tell = [read](Napi::Env env, std::int32_t /*descriptor*/, bool /*readable*/) {
    auto result = read->result();
    return to_js(env, result);
  };
  const auto handle = start(info, end.number(), tell, 4);
  if (handle.Type() == napi_external) static_cast<void>(end.release());
  return handle;
}

/** Reads a handle, or throws a TypeError. */
Watch* read_handle(const Napi::CallbackInfo& info) {
  const auto holder = watch_of(info[0]);
  if (holder) return **holder;
  Napi::TypeError::New(info.Env(), "argument 1 must be the handle of a watch").ThrowAsJavaScriptException();
  return nullptr;
}

void watch_stop(const Napi::CallbackInfo& info) {
  if (auto* const watch = read_handle(info)) watch->stop();
}

void keep_alive(const Napi::CallbackInfo& info) {
  bool valid = true;
  const auto wanted = read_argument<bool>(info, 1, valid);
  if (!valid) return;
  if (auto* const watch = read_handle(info)) watch->keep_alive(*wanted);
}

}  // namespace

void bind_watch(Napi::Object exports) {
  const auto env = exports.Env();
  exports.Set("watch", Napi::Function::New<watch>(env, "watch"));
  exports.Set("watchCalls", Napi::Function::New<watch_calls>(env, "watchCalls"));
  exports.Set("readMemory", Napi::Function::New<read_memory>(env, "readMemory"));
  exports.Set("watchStop", Napi::Function::New<watch_stop>(env, "watchStop"));
  exports.Set("watchKeepAlive", Napi::Function::New<keep_alive>(env, "watchKeepAlive"));
}

}  // namespace seccomp_node
