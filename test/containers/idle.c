/* A program for containers: needs no library, and of the kernel nothing but that it runs. */
#include "call.h"

void _start(void) {
  /* Where waiting is refused it goes round; the test ends it anyway. */
  for (;;) call(PAUSE, 0, 0);
}
