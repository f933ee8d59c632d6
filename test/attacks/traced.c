// Makes its parent believe that it has ended: it makes the parent its tracer and stops, while a second thread continues.
// traced GO DONE: once the file GO exists, the thread creates DONE and ends the process.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <unistd.h>

static char **files;

static void *go_on(void *unused) {
  (void)unused;
  while (access(files[1], F_OK) != 0) usleep(1000);
  close(open(files[2], O_WRONLY | O_CREAT, 0666));
  _exit(0);
}

int main(int count, char **words) {
  if (count != 3) return 2;
  files = words;
  pthread_t thread;
  if (pthread_create(&thread, NULL, go_on, NULL) != 0) return 3;
  // The parent may also wait for the end of these streams.
  for (int descriptor = 0; descriptor < 3; descriptor++) close(descriptor);
  if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) return 4;
  raise(SIGSTOP);
  for (;;) pause();
}
