// What seccomp(2) takes, also where the installed kernel headers are older.
#pragma once

#include <linux/seccomp.h>
#include <sys/syscall.h>

#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace seccomp_node {

/** BPF_MAXINSNS, with the width of a count of instructions. */
inline constexpr unsigned kMaxInstructions = 4096;

}  // namespace seccomp_node
