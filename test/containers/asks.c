/* A program for containers that shows by its name whether a call returned 42. */
#include "call.h"

#define PR_SET_NAME 15

void _start(void) {
  static const char name[] = "answered";
  if (call(GETSID, 7, 0) == 42) call(PRCTL, PR_SET_NAME, (long)name);
  for (;;) call(PAUSE, 0, 0);
}
