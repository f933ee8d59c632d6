// Makes one system call, given by its number and arguments, and prints its errno, 0 for success. Node cannot make
// system calls for which it has no function, so start.mjs runs this as a child.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

int main(int count, char** words) {
  if (count < 2 || count > 8) {
    std::fputs("usage: syscall NUMBER [ARGUMENT]...\n", stderr);
    return 2;
  }
  long arguments[6] = {};
  for (int index = 2; index < count; index++) {
    arguments[index - 2] = static_cast<long>(std::strtoull(words[index], nullptr, 0));
  }
  const long result = syscall(std::strtol(words[1], nullptr, 0), arguments[0], arguments[1], arguments[2], arguments[3],
                              arguments[4], arguments[5]);
  std::printf("%d\n", result == -1 ? errno : 0);
  return 0;
}
