#include "notify.h"

#include <seccomp.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "library.h"

namespace seccomp_node {

namespace {

struct FreeRequest {
  void operator()(seccomp_notif* request) const { seccomp_notify_free(request, nullptr); }
};

struct FreeResponse {
  void operator()(seccomp_notif_resp* response) const { seccomp_notify_free(nullptr, response); }
};

using Request = std::unique_ptr<seccomp_notif, FreeRequest>;
using Response = std::unique_ptr<seccomp_notif_resp, FreeResponse>;

/** libseccomp replaces the errno of ioctl(2) with ECANCELED; a supervisor must distinguish EINTR from ENOENT. */
Status ioctl_status(const char* function, int answer) {
  const int error = errno;
  if (answer == -ECANCELED && error != 0) return Failure{function, error};
  return status(function, answer);
}

}  // namespace

Result<Notification> notify_receive(std::int32_t descriptor) {
  seccomp_notif* memory = nullptr;
  {
    const LibraryLock lock;
    if (const auto failed = status("seccomp_notify_alloc", seccomp_notify_alloc(&memory, nullptr))) return *failed;
  }
  const Request request(memory);
  // Without the lock: it may wait forever, and only calls the kernel.
  errno = 0;
  if (const auto failed = ioctl_status("seccomp_notify_receive", seccomp_notify_receive(descriptor, request.get()))) {
    return *failed;
  }
  const auto& data = request->data;
  Notification notification{request->id, request->pid, request->flags, data.nr, data.arch, data.instruction_pointer,
                            {}};
  std::copy_n(std::begin(data.args), notification.args.size(), notification.args.begin());
  return notification;
}

Status notify_respond(std::int32_t descriptor, std::uint64_t id, std::int64_t value, std::int32_t error,
                      std::uint32_t flags) {
  const LibraryLock lock;
  seccomp_notif_resp* memory = nullptr;
  if (const auto failed = status("seccomp_notify_alloc", seccomp_notify_alloc(nullptr, &memory))) return failed;
  const Response response(memory);
  response->id = id;
  response->val = value;
  response->error = error;
  response->flags = flags;
  errno = 0;
  return ioctl_status("seccomp_notify_respond", seccomp_notify_respond(descriptor, response.get()));
}

Status notify_id_valid(std::int32_t descriptor, std::uint64_t id) {
  const LibraryLock lock;
  return status("seccomp_notify_id_valid", seccomp_notify_id_valid(descriptor, id));
}

}  // namespace seccomp_node
