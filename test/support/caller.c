/* Makes the system calls that its arguments request, and prints their results, so that a test sees the effect of its response. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void print(long answer) { printf("%ld %d\n", answer, answer == -1 ? errno : 0); fflush(stdout); }

static void *one(void *argument) {
  long *count = argument;
  if (syscall(SYS_getsid, 0) == 42) __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
  return NULL;
}

static void handled(int number) {
  (void)number;
  if (write(1, "handled\n", 8) < 0) _exit(4);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  long count = argc > 2 ? atol(argv[2]) : 1;
  if (strcmp(argv[1], "getsid") == 0) {
    for (long i = 0; i < count; i++) print(syscall(SYS_getsid, i));
  } else if (strcmp(argv[1], "interrupted") == 0) {
    struct sigaction action = {.sa_handler = handled};
    sigaction(SIGUSR1, &action, NULL);
    print(syscall(SYS_getsid, 0));
  } else if (strcmp(argv[1], "chdir") == 0) {
    for (long i = 0; i < count; i++) print(chdir("/given"));
  } else if (strcmp(argv[1], "expect") == 0) {
    /* Waits for the end of its input, then checks that the call fails with that errno. */
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) continue;
    return syscall(SYS_getsid, 0) == -1 && errno == count ? 0 : 1;
  } else if (strcmp(argv[1], "loop") == 0) {
    for (;;) if (syscall(SYS_getsid, 0) == -1) { print(-1); return 0; }
  } else if (strcmp(argv[1], "open") == 0) {
    char text[64] = "";
    int fd = open("/given", O_RDONLY);
    print(fd);
    if (fd >= 0 && read(fd, text, sizeof text - 1) >= 0) printf("%s %d\n", text, fcntl(fd, F_GETFD));
  } else if (strcmp(argv[1], "edge") == 0) {
    /* A path at the end of a page, before unmapped memory. */
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + 4096, 4096);
    memset(page, 'a', 4096);
    strcpy(page + 4096 - 4, "/ok");
    print(chdir(page + 4096 - 4));
    page[4095] = 'x';
    print(chdir(page + 4096 - 4));
    print(chdir((char *)8));
  } else if (strcmp(argv[1], "threads") == 0) {
    pthread_t *threads = calloc((size_t)count, sizeof *threads);
    pthread_attr_t attributes;
    long right = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 16384);
    for (long i = 0; i < count; i++) if (pthread_create(&threads[i], &attributes, one, &right) != 0) return 3;
    for (long i = 0; i < count; i++) pthread_join(threads[i], NULL);
    printf("%ld\n", right);
  }
  return 0;
}
