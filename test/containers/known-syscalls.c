/* Prints which system calls a machine's libseccomp knows: reads `TOKEN NAME` lines, and writes the number or pseudo number of each. */
#include <stdint.h>
#include <stdio.h>

/* Declared here, so that only the library is needed and not its headers. */
int seccomp_syscall_resolve_name_arch(uint32_t token, const char *name);

int main(void) {
  unsigned token;
  char name[256];
  while (scanf("%u %255s", &token, name) == 2) printf("%d\n", seccomp_syscall_resolve_name_arch(token, name));
  return 0;
}
