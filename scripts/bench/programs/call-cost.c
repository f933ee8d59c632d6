// Times system calls under filters: a child per filter runs loops of each call, and reports the median loop.
//
//   call-cost ROUNDS LOOPS CALLS FILTER...   prints a line for each filter of each round (`-` is no filter):
//                                            nanoseconds and result of each kind of call, in the order of kKinds;
//                                            a result is the value, or the errno negated
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter.h"

enum { kMaxLoops = 1024 };

struct Kind {
  long number;
  long argument;
};

static const struct Kind kKinds[] = {
    {SYS_getppid, 0},
    {SYS_personality, 0xffffffff},
    // keyctl has no such operation, so the call does nothing if it is allowed.
    {SYS_keyctl, 0x7fffffff},
};
enum { kKindCount = sizeof kKinds / sizeof *kKinds };

struct Result {
  double ns;
  long result;
};

struct Shared {
  volatile int done;
  struct Result results[kKindCount];
};

static int compare(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

static struct Result time_kind(const struct Kind* kind, int loops, int calls) {
  static double samples[kMaxLoops];
  const long number = kind->number, argument = kind->argument;
  const long answer = syscall(number, argument, 0, 0, 0, 0);
  const struct Result result = {0, answer < 0 ? -errno : answer};
  for (int loop = 0; loop < loops; loop++) {
    const uint64_t start = now();
    for (int call = 0; call < calls; call++) syscall(number, argument, 0, 0, 0, 0);
    samples[loop] = (double)(now() - start) / calls;
  }
  qsort(samples, (size_t)loops, sizeof *samples, compare);
  return (struct Result){samples[loops / 2], result.result};
}

static void measure(const struct sock_fprog* program, int loops, int calls, struct Shared* shared) {
  shared->done = 0;
  const pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die("no_new_privs");
    if (program->len > 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) != 0) die("seccomp");
    for (int kind = 0; kind < kKindCount; kind++) shared->results[kind] = time_kind(&kKinds[kind], loops, calls);
    shared->done = 1;
    _exit(0);
  }
  int state;
  if (waitpid(child, &state, 0) < 0) die("waitpid");
  if (!shared->done) {
    fprintf(stderr, "call-cost: a child ended with state %#x\n", (unsigned)state);
    exit(1);
  }
}

int main(int argc, char** argv) {
  const int count = argc - 4;
  if (count < 1 || count > kMaxFilters) {
    fprintf(stderr, "usage: call-cost ROUNDS LOOPS CALLS FILTER...\n");
    return 2;
  }
  const int rounds = atoi(argv[1]), loops = atoi(argv[2]), calls = atoi(argv[3]);
  if (loops < 1 || loops > kMaxLoops || calls < 1) return 2;
  struct sock_fprog programs[kMaxFilters];
  for (int index = 0; index < count; index++) programs[index] = read_filter(argv[4 + index]);
  struct Shared* shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) die("mmap");
  for (int round = 0; round < rounds; round++) {
    for (int index = 0; index < count; index++) {
      measure(&programs[index], loops, calls, shared);
      for (int kind = 0; kind < kKindCount; kind++) {
        printf("%s%.2f %ld", kind == 0 ? "" : " ", shared->results[kind].ns, shared->results[kind].result);
      }
      printf("\n");
    }
  }
  return 0;
}
