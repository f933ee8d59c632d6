/* Which system calls a machine's libseccomp knows: reads `TOKEN NAME` lines, writes the number for each, or what stands for none. */
#include <stdint.h>
#include <stdio.h>

/* Declared here, so that the library is enough and its headers are not needed. */
int seccomp_syscall_resolve_name_arch(uint32_t token, const char *name);

int main(void) {
  unsigned token;
  char name[256];
  while (scanf("%u %255s", &token, name) == 2) printf("%d\n", seccomp_syscall_resolve_name_arch(token, name));
  return 0;
}
