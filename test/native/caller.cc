// An add-on for tests that makes system calls for which Node has no function, and in ways that Node does not use.
//
//   call(number, ...args) → result          on the calling thread, negative errno on failure
//   callI386(number, ...args) → result      by int 0x80 (x86_64 only)
//   callOnThreads(threads, times, number)   on new threads, with the index of the call as the first argument
//   callNumbers(from, to)                   each number once, without arguments
//   callWithSignalsBlocked(number)          on a new thread that blocks every signal
//   callOnSmallStack(number) → result       on a stack too small for a signal, with an alternate signal stack
//   ignoreSigsys()                          sets the disposition to SIG_IGN
//   openRing(flags)                         opens an io_uring, as Node itself does from version 22 on
//   socketOnRing(domain, type) → result     a socket, which the kernel makes on behalf of that ring
//   operationOnRing(opcode, fd, length, offset) → result   any operation on that ring; -EAGAIN if it has no completion
#include <linux/io_uring.h>
#include <node_api.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <new>
#include <thread>
#include <vector>

namespace {

long make_call(const std::vector<long>& call) {
  const auto argument = [&](size_t index) { return index < call.size() ? call[index] : 0; };
  const long result =
      syscall(argument(0), argument(1), argument(2), argument(3), argument(4), argument(5), argument(6));
  return result == -1 ? -errno : result;
}

long make_i386_call([[maybe_unused]] const std::vector<long>& call) {
#if defined(__x86_64__)
  const auto argument = [&](size_t index) { return index < call.size() ? call[index] : 0; };
  long result = argument(0);
  __asm__ volatile("int $0x80"
                   : "+a"(result)
                   : "b"(argument(1)), "c"(argument(2)), "d"(argument(3)), "S"(argument(4)), "D"(argument(5))
                   : "r8", "r9", "r10", "r11", "memory");
  return static_cast<int32_t>(result);
#else
  return -ENOSYS;
#endif
}

long on_threads(const std::vector<long>& arguments) {
  std::vector<std::thread> threads;
  for (long index = 0; index < arguments[0]; index++) {
    threads.emplace_back([&] {
      for (long time = 0; time < arguments[1]; time++) make_call({arguments[2], time});
    });
  }
  for (auto& thread : threads) thread.join();
  return 0;
}

long call_numbers(const std::vector<long>& arguments) {
  for (long number = arguments[0]; number < arguments[1]; number++) make_call({number});
  return 0;
}

long with_signals_blocked(const std::vector<long>& arguments) {
  std::thread([&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    make_call(arguments);
  }).join();
  return 0;
}

ucontext_t small, usual;
long small_number, small_result;

long on_small_stack(const std::vector<long>& arguments) {
  constexpr size_t kPage = 4096;
  auto* memory =
      static_cast<char*>(mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(memory, kPage, PROT_NONE);
  std::vector<char> alternate(1 << 16);
  const stack_t stack{alternate.data(), 0, alternate.size()};
  stack_t before;
  sigaltstack(&stack, &before);
  getcontext(&small);
  // The stack has only a quarter of a page, above an inaccessible page.
  small.uc_stack = {memory + kPage, 0, kPage / 4};
  small.uc_link = &usual;
  small_number = arguments[0];
  makecontext(
      &small, [] { small_result = syscall(small_number) == -1 ? -errno : 0; }, 0);
  swapcontext(&usual, &small);
  sigaltstack(&before, nullptr);
  munmap(memory, 2 * kPage);
  return small_result;
}

long ignore_sigsys(const std::vector<long>&) { return signal(SIGSYS, SIG_IGN) == SIG_ERR ? -errno : 0; }

io_uring_params ring;
int ring_descriptor = -1;
char *ring_queues, *ring_entries;

long open_ring(const std::vector<long>& arguments) {
  ring.flags = arguments.empty() ? 0 : static_cast<uint32_t>(arguments[0]);
  ring_descriptor = static_cast<int>(syscall(SYS_io_uring_setup, 1, &ring));
  if (ring_descriptor < 0) return -errno;
  const auto map = [](size_t size, off_t offset) {
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring_descriptor, offset);
    return static_cast<char*>(memory);
  };
  // Both queues are in one mapping on every kernel that these tests know.
  ring_queues = map(ring.cq_off.cqes + ring.cq_entries * sizeof(io_uring_cqe), IORING_OFF_SQ_RING);
  ring_entries = map(ring.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES);
  return ring_descriptor;
}

long submit(const io_uring_sqe& operation) {
  new (ring_entries) io_uring_sqe(operation);
  const auto word = [](uint32_t offset) { return reinterpret_cast<uint32_t*>(ring_queues + offset); };
  *word(ring.sq_off.array) = 0;
  __atomic_fetch_add(word(ring.sq_off.tail), 1, __ATOMIC_RELEASE);
  // The same arguments with which libuv waits.
  if (syscall(SYS_io_uring_enter, ring_descriptor, 1, 1, IORING_ENTER_GETEVENTS, nullptr, 0) < 0) return -errno;
  auto* head = word(ring.cq_off.head);
  if (__atomic_load_n(word(ring.cq_off.tail), __ATOMIC_ACQUIRE) == *head) return -EAGAIN;
  const auto* done = reinterpret_cast<io_uring_cqe*>(ring_queues + ring.cq_off.cqes);
  return done[__atomic_fetch_add(head, 1, __ATOMIC_ACQ_REL) & *word(ring.cq_off.ring_mask)].res;
}

long socket_on_ring(const std::vector<long>& arguments) {
  io_uring_sqe entry{};
  entry.opcode = IORING_OP_SOCKET;
  entry.fd = static_cast<int>(arguments[0]);
  entry.off = static_cast<uint64_t>(arguments[1]);
  return submit(entry);
}

long operation_on_ring(const std::vector<long>& arguments) {
  io_uring_sqe entry{};
  entry.opcode = static_cast<uint8_t>(arguments[0]);
  entry.fd = static_cast<int>(arguments[1]);
  entry.len = static_cast<uint32_t>(arguments[2]);
  entry.off = static_cast<uint64_t>(arguments[3]);
  return submit(entry);
}

using Function = long (*)(const std::vector<long>&);

template <Function function>
napi_value invoke(napi_env env, napi_callback_info info) {
  size_t count = 8;
  napi_value values[8];
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  std::vector<long> arguments(count);
  for (size_t index = 0; index < count; index++) {
    int64_t number = 0;
    napi_get_value_int64(env, values[index], &number);
    arguments[index] = number;
  }
  napi_value result;
  napi_create_int64(env, function(arguments), &result);
  return result;
}

template <Function function>
void add(napi_env env, napi_value exports, const char* name) {
  napi_value value;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, invoke<function>, nullptr, &value);
  napi_set_named_property(env, exports, name, value);
}

napi_value initialize(napi_env env, napi_value exports) {
  add<make_call>(env, exports, "call");
  add<make_i386_call>(env, exports, "callI386");
  add<on_threads>(env, exports, "callOnThreads");
  add<call_numbers>(env, exports, "callNumbers");
  add<with_signals_blocked>(env, exports, "callWithSignalsBlocked");
  add<on_small_stack>(env, exports, "callOnSmallStack");
  add<ignore_sigsys>(env, exports, "ignoreSigsys");
  add<open_ring>(env, exports, "openRing");
  add<socket_on_ring>(env, exports, "socketOnRing");
  add<operation_on_ring>(env, exports, "operationOnRing");
  return exports;
}

}  // namespace

NAPI_MODULE(caller, initialize)
