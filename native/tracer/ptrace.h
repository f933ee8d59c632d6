// ptrace(2), and the files of a thread in /proc.
#pragma once

#include <linux/ptrace.h>
#include <linux/signal.h>
#include <linux/wait.h>

#include <cstddef>

#include "../freestanding/files.h"
#include "../freestanding/system_call.h"

namespace seccomp_node {

inline long ptrace(long request, int thread, unsigned long address = 0, unsigned long data = 0) {
  return system_call(SYS_ptrace, request, thread, static_cast<long>(address), static_cast<long>(data));
}

inline long ptrace(long request, int thread, unsigned long address, void* data) {
  return system_call(SYS_ptrace, request, thread, static_cast<long>(address), word(data));
}

/** The message of an event (PTRACE_GETEVENTMSG). */
inline unsigned long event_message(int thread) {
  unsigned long message = 0;
  return ptrace(PTRACE_GETEVENTMSG, thread, 0, &message) < 0 ? 0 : message;
}

/** The signal of a stop at a call, with PTRACE_O_TRACESYSGOOD. */
inline constexpr int kCallStop = SIGTRAP | 0x80;

/** Whether a thread with PTRACE_EVENT_STOP is in a group-stop, and must remain stopped as without a tracer. */
inline bool is_group_stop(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/** Whether a thread is traced by this process, which has no children: it can only wait for threads that it traces. */
inline bool is_traced(int thread) {
  constexpr long kProcess = 1;
  return system_call(SYS_waitid, kProcess, thread, 0, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL, 0) >= 0;
}

/** `/proc/THREAD/NAME`. */
inline ProcPath path_of(int thread, const char* name) { return {static_cast<unsigned>(thread), name}; }

/** Reads up to `size` bytes of a file of a thread. Returns their number, 0 if it cannot be read. */
inline std::size_t read_of(int thread, const char* name, char* to, std::size_t size) {
  return File::open(path_of(thread, name).text()).read(to, size);
}

}  // namespace seccomp_node
