// Tests filters in the kernel: loads them in a child, makes system calls there, and reports the results.
//
//   kernel-probe answers FILTER...   calls on standard input, results on standard output; the filters must answer every
//                                    call with ERRNO, so that nothing is ever really called
//   kernel-probe call ARCH NR A0..A5 [FILTER...]   one call under the filters, oldest first: prints `value N`, `errno
//   N`,
//                                    `signal N`, or `trace N value M` when a tracer was told message N
//   kernel-probe verdicts            programs on standard input, each after its number of instructions (uint32); for
//   each
//                                    an int32 on standard output: 0 when the kernel would take it, or the errno
//
// A call is 56 bytes: arch and number (uint32), six arguments (uint64), all little-endian. A result is an int64: the
// value of the call, or its errno negated.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

struct Call {
  uint32_t arch;
  uint32_t number;
  uint64_t args[6];
};
static_assert(sizeof(Call) == 56);

struct Shared {
  volatile uint64_t done;
  volatile int64_t results[];
};

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "kernel-probe: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(2);
}

#if defined(__x86_64__)
int64_t native_call(const Call& call) {
  register uint64_t r10 __asm__("r10") = call.args[3];
  register uint64_t r8 __asm__("r8") = call.args[4];
  register uint64_t r9 __asm__("r9") = call.args[5];
  int64_t result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(static_cast<uint64_t>(call.number)), "D"(call.args[0]), "S"(call.args[1]), "d"(call.args[2]),
                     "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

int64_t compat_call(const Call& call) {
  int64_t result;
  // The sixth argument is in ebp, which the compiler reserves, as it does the 128 bytes below the stack pointer.
  __asm__ volatile(
      "lea -128(%%rsp), %%rsp\n\tpush %%rbp\n\tmov %[a5], %%rbp\n\tint $0x80\n\tpop %%rbp\n\tlea 128(%%rsp), %%rsp"
      : "=a"(result)
      : "a"(static_cast<uint64_t>(call.number)), "b"(call.args[0]), "c"(call.args[1]), "d"(call.args[2]),
        "S"(call.args[3]), "D"(call.args[4]), [a5] "r"(call.args[5])
      : "r8", "r9", "r10", "r11", "memory");
  return static_cast<int32_t>(result);
}

int64_t make_call(const Call& call) { return call.arch == AUDIT_ARCH_I386 ? compat_call(call) : native_call(call); }
#elif defined(__aarch64__)
int64_t make_call(const Call& call) {
  register uint64_t x8 __asm__("x8") = call.number;
  register uint64_t x0 __asm__("x0") = call.args[0];
  register uint64_t x1 __asm__("x1") = call.args[1];
  register uint64_t x2 __asm__("x2") = call.args[2];
  register uint64_t x3 __asm__("x3") = call.args[3];
  register uint64_t x4 __asm__("x4") = call.args[4];
  register uint64_t x5 __asm__("x5") = call.args[5];
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return static_cast<int64_t>(x0);
}
#endif

std::vector<sock_filter> read_filter(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty() || bytes.size() % sizeof(sock_filter) != 0) die(std::string("not a filter: ") + path);
  std::vector<sock_filter> program(bytes.size() / sizeof(sock_filter));
  std::memcpy(program.data(), bytes.data(), bytes.size());
  return program;
}

/// Loads all filters. Later calls are made under them.
void load(std::vector<std::vector<sock_filter>>& filters) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die("no_new_privs");
  for (auto& program : filters) {
    const sock_fprog prog{static_cast<unsigned short>(program.size()), program.data()};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0) die("seccomp");
  }
}

Shared* share(size_t count) {
  void* memory = mmap(nullptr, sizeof(Shared) + count * sizeof(int64_t), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) die("mmap");
  return static_cast<Shared*>(memory);
}

int answers(std::vector<std::vector<sock_filter>>& filters) {
  std::vector<Call> calls;
  Call call;
  while (std::fread(&call, sizeof call, 1, stdin) == 1) calls.push_back(call);
  Shared* shared = share(calls.size());
  const pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    load(filters);
    for (size_t index = 0; index < calls.size(); index++) {
      shared->results[index] = make_call(calls[index]);
      shared->done = index + 1;
    }
    // Every system call is refused now, even exit.
    for (;;) __builtin_trap();
  }
  int state = 0;
  waitpid(child, &state, 0);
  if (shared->done != calls.size()) {
    std::fprintf(stderr, "kernel-probe: the child ended after %llu of %zu calls, state %#x\n",
                 static_cast<unsigned long long>(shared->done), calls.size(), static_cast<unsigned>(state));
    return 2;
  }
  std::fwrite(const_cast<int64_t*>(shared->results), sizeof(int64_t), calls.size(), stdout);
  return 0;
}

int one_call(const Call& call, std::vector<std::vector<sock_filter>>& filters) {
  Shared* shared = share(1);
  const pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    load(filters);
    shared->results[0] = make_call(call);
    shared->done = 1;
    _exit(0);
  }
  int state = 0;
  long message = -1;
  waitpid(child, &state, 0);
  ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
  int signal = 0;
  for (;;) {
    ptrace(PTRACE_CONT, child, 0, signal);
    if (waitpid(child, &state, 0) < 0) die("waitpid");
    if (!WIFSTOPPED(state)) break;
    const bool traced = (state >> 8) == (SIGTRAP | (PTRACE_EVENT_SECCOMP << 8));
    if (traced) ptrace(PTRACE_GETEVENTMSG, child, 0, &message);
    signal = traced ? 0 : WSTOPSIG(state);
  }
  if (WIFSIGNALED(state)) {
    std::printf("signal %d\n", WTERMSIG(state));
    return 0;
  }
  if (message >= 0) std::printf("trace %ld ", message);
  const int64_t result = shared->results[0];
  if (result < 0 && result >= -4095) {
    std::printf("errno %lld\n", static_cast<long long>(-result));
  } else {
    std::printf("value %lld\n", static_cast<long long>(result));
  }
  return 0;
}

/// Requests a second listener each time: the kernel checks the program first and then refuses it, so none is loaded.
int verdicts() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die("no_new_privs");
  const auto load_with_listener = [](std::vector<sock_filter>& program) {
    const sock_fprog prog{static_cast<unsigned short>(program.size()), program.data()};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
  };
  std::vector<sock_filter> allow{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  if (load_with_listener(allow) < 0) die("seccomp");
  uint32_t length;
  while (std::fread(&length, sizeof length, 1, stdin) == 1) {
    std::vector<sock_filter> program(length);
    if (std::fread(program.data(), sizeof(sock_filter), length, stdin) != length) die("not a program");
    program.reserve(1);  // An empty program needs an address too.
    if (load_with_listener(program) >= 0) die("the kernel took a second listener");
    const int32_t result = errno == EBUSY ? 0 : errno;
    std::fwrite(&result, sizeof result, 1, stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  std::vector<std::vector<sock_filter>> filters;
  if (mode == "verdicts") return verdicts();
  if (mode == "answers") {
    for (int index = 2; index < argc; index++) filters.push_back(read_filter(argv[index]));
    return answers(filters);
  }
  if (mode != "call" || argc < 10) {
    std::fprintf(stderr,
                 "usage: kernel-probe answers FILTER... | call ARCH NR A0 A1 A2 A3 A4 A5 [FILTER...] | verdicts\n");
    return 2;
  }
  Call call{};
  call.arch = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 0));
  call.number = static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 0));
  for (int index = 0; index < 6; index++) call.args[index] = std::strtoull(argv[4 + index], nullptr, 0);
  for (int index = 10; index < argc; index++) filters.push_back(read_filter(argv[index]));
  return one_call(call, filters);
}
