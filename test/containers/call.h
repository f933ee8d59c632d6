/* System calls with two arguments, without a library. */
#if defined(__x86_64__)
#define PAUSE 34
#define GETSID 124
#define PRCTL 157
static long call(long number, long first, long second) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
#define PAUSE 73 /* ppoll without descriptors or a timeout */
#define GETSID 156
#define PRCTL 167
static long call(long number, long first, long second) {
  register long x0 __asm__("x0") = first;
  register long x1 __asm__("x1") = second;
  register long x2 __asm__("x2") = 0;
  register long x3 __asm__("x3") = 0;
  register long x8 __asm__("x8") = number;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x8) : "memory");
  return x0;
}
#endif
