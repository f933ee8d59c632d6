// Times seccomp(2) for several programs in turn. Each load needs its own child, because a filter cannot be removed.
//
//   load-time ROUNDS FILTER...   prints a line for each round: the nanoseconds of each filter's load
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter.h"

static uint64_t time_load(const struct sock_fprog* program, volatile uint64_t* shared) {
  *shared = 0;
  const pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die("no_new_privs");
    const uint64_t start = now();
    const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program);
    const uint64_t end = now();
    if (result != 0) die("seccomp");
    *shared = end - start;
    _exit(0);
  }
  int state;
  if (waitpid(child, &state, 0) < 0) die("waitpid");
  if (*shared == 0) {
    fprintf(stderr, "load-time: a child ended with state %#x\n", (unsigned)state);
    exit(1);
  }
  return *shared;
}

int main(int argc, char** argv) {
  const int count = argc - 2;
  if (count < 1 || count > kMaxFilters) {
    fprintf(stderr, "usage: load-time ROUNDS FILTER...\n");
    return 2;
  }
  const int rounds = atoi(argv[1]);
  struct sock_fprog programs[kMaxFilters];
  for (int index = 0; index < count; index++) programs[index] = read_filter(argv[2 + index]);
  uint64_t* shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) die("mmap");
  for (int round = 0; round < rounds; round++) {
    for (int index = 0; index < count; index++) {
      printf("%s%" PRIu64, index == 0 ? "" : " ", time_load(&programs[index], shared));
    }
    printf("\n");
  }
  return 0;
}
