#include "background.h"

#include <pthread.h>

#include <csignal>
#include <cstddef>
#include <memory>
#include <utility>

namespace seccomp_node {

namespace {

constexpr std::size_t kStackSize = 256UL * 1024;

using Task = std::function<void()>;

void* perform(void* argument) {
  const std::unique_ptr<Task> task(static_cast<Task*>(argument));
  (*task)();
  return nullptr;
}

}  // namespace

Status run_in_background(std::function<void()> task) {
  auto owned = std::make_unique<Task>(std::move(task));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackSize);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigdelset(&all, SIGSYS);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread{};
  const int error = pthread_create(&thread, &attributes, perform, owned.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) return Failure{"pthread_create", error};
  // From here on, the thread owns it.
  static_cast<void>(owned.release());
  return kDone;
}

}  // namespace seccomp_node
