/* A program for containers that needs no library and no permitted system call. */
#include "call.h"

void _start(void) {
  /* Spins if the call is refused; the test ends the program. */
  for (;;) call(PAUSE, 0, 0);
}
