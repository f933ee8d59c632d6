// The program that records calls by perf events: reads what the kernel writes down of each call, and keeps a summary of
// it. Nothing is stopped. No libc and no variables, as the tracer. A process of its own, since it has to be faster than
// what it records, whatever JavaScript does meanwhile.
#include <linux/audit.h>
#include <linux/errno.h>
#include <linux/perf_event.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/signal.h>

#include <cstddef>
#include <cstdint>

#include "../freestanding/files.h"
#include "../freestanding/memory.h"
#include "../freestanding/system_call.h"
#include "table.h"

#if defined(__x86_64__)

// At the entry the stack pointer is where argc is.
asm(".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  and $-16, %rsp\n"
    "  call record\n"
    "  ud2\n");

#elif defined(__aarch64__)

asm(".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x30, #0\n"
    "  bl record\n"
    "  brk #1000\n");

#endif

namespace seccomp_node {

namespace {

[[noreturn]] void end(int status) {
  for (;;) system_call(SYS_exit_group, status);
}

template <typename Type>
void publish(Type& place, Type value) {
  __atomic_store(&place, &value, __ATOMIC_RELEASE);
}

/** Reads a number at an address that need not be aligned. */
template <typename Type>
Type read_at(const unsigned char* from) {
  Type value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

/** A call as it was made. */
struct Call {
  std::uint32_t process;
  std::uint32_t arch;
  std::uint32_t number;
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  std::uint64_t args[kPerfArguments];
};

constexpr std::uint32_t kX32Bit = 0x40000000;
constexpr std::uint32_t kRegisters32 = 1;

#if defined(__x86_64__)

/** BX, CX, SI and DI, in the kernel's numbers for perf. */
constexpr std::uint64_t kRegisters = 1U << 1 | 1U << 2 | 1U << 4 | 1U << 5;
constexpr std::size_t kRegisterCount = 4;

/** The tracepoint does not say by which interface a call was made: the registers do. */
std::uint32_t arch_of(std::uint64_t abi, const std::uint64_t* registers, const std::uint64_t* args) {
  if (abi == kRegisters32) return AUDIT_ARCH_I386;
  const auto low = [](std::uint64_t value) { return value & 0xffffffffU; };
  const bool passed_wide = args[0] == registers[3] && args[1] == registers[2];
  const bool passed_narrow = args[0] == low(registers[0]) && args[1] == low(registers[1]);
  // `int 0x80` of a program of 64 bits.
  return passed_narrow && !passed_wide ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
}

#else

/** X0: a mask must not be empty. */
constexpr std::uint64_t kRegisters = 1;
constexpr std::size_t kRegisterCount = 1;

std::uint32_t arch_of(std::uint64_t abi, const std::uint64_t*, const std::uint64_t*) {
  return abi == kRegisters32 ? AUDIT_ARCH_ARM : AUDIT_ARCH_AARCH64;
}

#endif

/** The kernel's numbers for 32-bit ARM that are far above all others. */
constexpr std::uint32_t kArmPrivate = 0xf0000;
constexpr std::uint32_t kArmPrivateCalls = 0x18;

/** What is known of arguments of a call, by index; null for a number that no kernel serves. */
const std::uint8_t* widths_of(const PerfOrders& orders, std::uint32_t arch, std::uint32_t number) {
  std::size_t interface = 0;
  switch (arch) {
    case AUDIT_ARCH_I386:
      interface = 1;
      break;
    case AUDIT_ARCH_AARCH64:
      interface = 3;
      break;
    case AUDIT_ARCH_ARM:
      interface = 4;
      if (number - kArmPrivate < kArmPrivateCalls) number = kPerfNumbers - kArmPrivateCalls + (number - kArmPrivate);
      break;
    default:
      if ((number & kX32Bit) == 0) break;
      interface = 2;
      number &= ~kX32Bit;
  }
  return number < kPerfNumbers ? orders.widths[interface][number] : nullptr;
}

std::uint32_t mix(std::uint64_t value) {
  value *= 0x9e3779b97f4a7c15U;
  return static_cast<std::uint32_t>(value >> 32);
}

/** What is written down. */
class Summary {
 public:
  explicit Summary(PerfTable& table)
      : table_(table),
        call_buckets_(allocate<std::uint32_t>(kCallBuckets)),
        value_buckets_(allocate<std::uint32_t>(kValueBuckets)) {}

  [[nodiscard]] bool valid() const { return call_buckets_ != nullptr && value_buckets_ != nullptr; }

  void add(const Call& call, std::uint32_t program) {
    auto& header = table_.header;
    publish(header.events, header.events + 1);
    const auto* widths = widths_of(table_.orders, call.arch, call.number);
    if (widths == nullptr) {
      publish(header.foreign, header.foreign + 1);
      return;
    }
    const std::uint32_t place = find(call, program);
    if (place == kNone) {
      lose(1);
      return;
    }
    auto& entry = table_.calls[place];
    publish(entry.count, entry.count + 1);
    for (std::uint32_t index = 0; index < kPerfArguments; ++index) {
      if (widths[index] == 0) continue;
      const std::uint64_t value = widths[index] == 32 ? call.args[index] & 0xffffffffU : call.args[index];
      add_value(entry, place, index, value);
    }
  }

  void lose(std::uint64_t records) { publish(table_.header.lost, table_.header.lost + records); }

  /** The number of a program by its path. */
  std::uint32_t program(const char* path) {
    auto& used = table_.header.programs;
    for (std::uint32_t index = 0; index < used; ++index) {
      if (equal(table_.programs[index].path, path)) return index;
    }
    if (used == kMaxPerfPrograms) return kUnknownPerfProgram;
    auto& to = table_.programs[used].path;
    for (std::size_t at = 0; at + 1 < sizeof to && path[at] != '\0'; ++at) to[at] = path[at];
    publish(used, used + 1);
    return used - 1;
  }

 private:
  static constexpr std::uint32_t kCallBuckets = 2 * kMaxPerfCalls;
  static constexpr std::uint32_t kValueBuckets = 2 * kMaxPerfValues;
  static constexpr std::uint32_t kNone = 0xffffffff;

  static bool equal(const char* kept, const char* path) {
    for (std::size_t at = 0; at + 1 < sizeof PerfProgram::path; ++at) {
      if (kept[at] != path[at]) return false;
      if (path[at] == '\0') return true;
    }
    return true;
  }

  /** Says that there is something new. Where the pipe is full, that was said already. */
  static void wake() {
    const char byte = 0;
    system_call(SYS_write, kPerfWakeDescriptor, word(&byte), 1);
  }

  std::uint32_t find(const Call& call, std::uint32_t program) {
    auto& used = table_.header.calls;
    std::uint32_t hash = mix((static_cast<std::uint64_t>(call.number) << 32 | program) ^ call.arch);
    for (;; ++hash) {
      auto& bucket = call_buckets_[hash % kCallBuckets];
      if (bucket == 0) {
        if (used == kMaxPerfCalls) return kNone;
        auto& entry = table_.calls[used];
        entry.arch = call.arch;
        entry.number = call.number;
        entry.program = program;
        bucket = used + 1;
        publish(used, bucket);
        wake();
        return bucket - 1;
      }
      const auto& entry = table_.calls[bucket - 1];
      if (entry.number == call.number && entry.arch == call.arch && entry.program == program) return bucket - 1;
    }
  }

  void add_value(PerfCall& entry, std::uint32_t call, std::uint32_t index, std::uint64_t value) {
    entry.bits[index] |= value;
    if ((entry.more & 1U << index) != 0) return;
    auto& used = table_.header.values;
    std::uint32_t hash = mix(value ^ static_cast<std::uint64_t>(call) << 35 ^ static_cast<std::uint64_t>(index) << 61);
    for (;; ++hash) {
      auto& bucket = value_buckets_[hash % kValueBuckets];
      if (bucket == 0) {
        if (used == kMaxPerfValues || entry.values[index] == kMaxPerfValuesOfArgument) {
          entry.more = static_cast<std::uint8_t>(entry.more | 1U << index);
          return;
        }
        ++entry.values[index];
        table_.values[used] = {value, call, index};
        bucket = used + 1;
        publish(used, bucket);
        return;
      }
      const auto& kept = table_.values[bucket - 1];
      if (kept.value == value && kept.call == call && kept.index == index) return;
    }
  }

  PerfTable& table_;
  /** By hash: the number of an entry, from 1. */
  std::uint32_t* call_buckets_;
  std::uint32_t* value_buckets_;
};

/** Which program each process runs. */
class Processes {
 public:
  explicit Processes(Summary& summary) : summary_(summary), known_(allocate<Known>(kKnown)) {}

  [[nodiscard]] bool valid() const { return known_ != nullptr; }

  std::uint32_t program_of(std::uint32_t process) {
    auto& known = place(process);
    if (known.process != process || known.executing) known = {process, look_up(process), false};
    return known.program;
  }

  void forked(std::uint32_t parent, std::uint32_t child) {
    const std::uint32_t program = program_of(parent);
    place(child) = {child, program, false};
  }

  /** The file that is mapped next is the program. */
  void executing(std::uint32_t process) { place(process) = {process, kUnknownPerfProgram, true}; }

  [[nodiscard]] bool is_executing(std::uint32_t process) {
    const auto& known = place(process);
    return known.process == process && known.executing;
  }

  void mapped(std::uint32_t process, const char* path) {
    if (is_executing(process) && *path == '/') place(process) = {process, summary_.program(path), false};
  }

 private:
  struct Known {
    std::uint32_t process;
    std::uint32_t program;
    bool executing;
  };
  static constexpr std::uint32_t kKnown = 65536;

  Known& place(std::uint32_t process) { return known_[process % kKnown]; }

  std::uint32_t look_up(std::uint32_t process) {
    PerfProgram found{};
    if (process == 0) return kUnknownPerfProgram;
    const long length = system_call(SYS_readlinkat, kCurrentDirectory, word(ProcPath(process, "/exe").text()),
                                    word(found.path), sizeof found.path - 1);
    return length <= 0 ? kUnknownPerfProgram : summary_.program(found.path);
  }

  Summary& summary_;
  Known* known_;
};

/** Threads that are recorded already. */
class Threads {
 public:
  Threads() : numbers_(allocate<std::uint32_t>(kNumbers)) {}

  [[nodiscard]] bool valid() const { return numbers_ != nullptr; }

  /** Whether it is new. */
  bool add(std::uint32_t thread) {
    for (std::uint32_t hash = mix(thread), tries = 0; tries < kNumbers; ++hash, ++tries) {
      auto& number = numbers_[hash % kNumbers];
      if (number == thread) return false;
      if (number != 0) continue;
      number = thread;
      return true;
    }
    return false;
  }

 private:
  static constexpr std::uint32_t kNumbers = 1U << 17;
  std::uint32_t* numbers_;
};

/** What the kernel writes down on one processor. */
struct Ring {
  perf_event_mmap_page* page;
  std::uint64_t size;
  std::uint64_t head;
  std::uint64_t tail;
  int event;
  /** When the next record was written. */
  std::uint64_t time;
};

constexpr std::uint64_t kNever = ~0UL;
constexpr std::uint32_t kMaxProcessors = 4096;
constexpr std::uint32_t kMaxEvents = 1U << 18;
constexpr std::size_t kLargestRecord = 65536;
constexpr std::uint64_t kAllRings = 64U << 20;
constexpr std::uint64_t kLargestRing = 16U << 20;
/** A command waits until the memory is there. */
constexpr std::uint64_t kLargestRingOfCommand = 4U << 20;
constexpr std::uint64_t kSmallestRing = 64U << 10;

class Recorder {
 public:
  explicit Recorder(PerfTable& table)
      : table_(table),
        summary_(table),
        processes_(summary_),
        rings_(allocate<Ring>(kMaxProcessors)),
        events_(allocate<pollfd>(kMaxEvents)),
        scratch_(allocate<unsigned char>(kLargestRecord)) {}

  /** Has the kernel write down every call of what is to be recorded. 0, or the errno of what failed. */
  long begin(std::uint32_t process) {
    step_ = PerfStep::kMemory;
    if (!summary_.valid() || !processes_.valid() || !threads_.valid() || rings_ == nullptr || events_ == nullptr ||
        scratch_ == nullptr) {
      return ENOMEM;
    }
    events_[event_count_++] = {kPerfStopDescriptor, POLLIN, 0};
    const auto target = table_.orders.target;
    step_ = PerfStep::kTracepoint;
    if (const long error = find_tracepoint(); error != 0) return error;
    raise_limits();
    step_ = PerfStep::kOpen;
    // With a cgroup, others tell of programs.
    if (target == PerfTarget::kCgroup)
      attributes_.comm = attributes_.comm_exec = attributes_.mmap = attributes_.task = 0;
    attributes_.inherit = target == PerfTarget::kCommand || target == PerfTarget::kProcesses;
    attributes_.enable_on_exec = target == PerfTarget::kCommand;
    long error = 0;
    switch (target) {
      case PerfTarget::kCommand:
        error = open_events(static_cast<int>(process), 0);
        break;
      case PerfTarget::kProcesses:
        error = open_processes();
        break;
      case PerfTarget::kCgroup:
        error = open_events(kPerfCgroupDescriptor, PERF_FLAG_PID_CGROUP);
        if (error == 0) error = open_side_band();
        break;
      case PerfTarget::kAll:
        error = open_events(-1, 0);
        break;
    }
    if (error != 0) return error;
    if (target != PerfTarget::kCommand) system_call(SYS_prctl, PR_TASK_PERF_EVENTS_ENABLE);
    // They may have ended when their calls are read.
    if (target == PerfTarget::kCgroup || target == PerfTarget::kAll) {
      for_each_number_in("/proc", [this](unsigned other) { processes_.program_of(other); });
    }
    publish(table_.header.state, PerfState::kRecording);
    return 0;
  }

  /** Says what failed. */
  void fail(long error) {
    publish(table_.header.step, step_);
    publish(table_.header.error, static_cast<std::uint32_t>(error));
    publish(table_.header.state, PerfState::kFailed);
  }

  /** Reads until nothing is left to record, or nobody wants more. */
  [[noreturn]] void run() {
    const bool may_end = attributes_.inherit != 0;
    // So that nothing is lost where the machine is busy.
    system_call(SYS_setpriority, PRIO_PROCESS, 0, -20);
    for (;;) {
      drain();
      if (may_end && alive_ == 0) break;
      constexpr long kNanoseconds = 100'000'000;
      // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
      const long timeout[2] = {0, kNanoseconds};
      const long ready = system_call(SYS_ppoll, word(events_), event_count_, word(timeout));
      if (ready <= 0) continue;
      if (events_[0].revents != 0) break;
      for (std::uint32_t index = 1; index < event_count_; ++index) {
        auto& event = events_[index];
        if (event.fd < 0 || (event.revents & (POLLHUP | POLLERR)) == 0) continue;
        event.fd = -event.fd;
        --alive_;
      }
    }
    system_call(SYS_prctl, PR_TASK_PERF_EVENTS_DISABLE);
    drain();
    count_unreported();
    publish(table_.header.state, PerfState::kEnded);
    end(0);
  }

 private:
  /** The number of raw_syscalls:sys_enter, in tracefs: where that is not mounted, in a mount that nobody else can see.
   */
  long find_tracepoint() {
    static constexpr auto kMounted = "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id";
    static constexpr auto kInDebugfs = "/sys/kernel/debug/tracing/events/raw_syscalls/sys_enter/id";
    constexpr long kFsopen = 430;
    constexpr long kFsconfig = 431;
    constexpr long kFsmount = 432;
    constexpr long kCreate = 6;
    if (read_tracepoint(File::open(kMounted)) || read_tracepoint(File::open(kInDebugfs))) return 0;
    const File context(system_call(kFsopen, word("tracefs"), 1));
    if (!context.valid()) return -context.number();
    if (const long error = system_call(kFsconfig, context.number(), kCreate, 0, 0, 0); error < 0) return -error;
    const File mount(system_call(kFsmount, context.number(), 1, 0));
    if (!mount.valid()) return -mount.number();
    return read_tracepoint(File::open("events/raw_syscalls/sys_enter/id", mount.number())) ? 0 : ENOENT;
  }

  bool read_tracepoint(const File& file) {
    // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
    char text[32];
    const auto size = file.valid() ? file.read(text, sizeof text) : 0;
    std::uint64_t id = 0;
    for_each_number(text, size, [&id](unsigned number) { id = number; });
    if (id == 0) return false;
    attributes_.type = PERF_TYPE_TRACEPOINT;
    attributes_.size = sizeof attributes_;
    attributes_.config = id;
    attributes_.sample_period = 1;
    attributes_.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW | PERF_SAMPLE_REGS_USER;
    attributes_.sample_regs_user = kRegisters;
    attributes_.read_format = kFormatLost;
    attributes_.disabled = 1;
    attributes_.sample_id_all = 1;
    attributes_.comm = 1;
    attributes_.comm_exec = 1;
    attributes_.mmap = 1;
    attributes_.task = 1;
    attributes_.watermark = 1;
    attributes_.wakeup_watermark = kSmallestRing / 2;
    return true;
  }

  /** A descriptor for each thread and processor. */
  static void raise_limits() {
    constexpr std::uint64_t kMany = 1U << 20;
    // NOLINTBEGIN(modernize-avoid-c-arrays): there is no standard library.
    std::uint64_t limit[2] = {kMany, kMany};
    if (system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, word(limit), 0) == 0) return;
    // NOLINTEND(modernize-avoid-c-arrays)
    if (system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, word(limit)) < 0) return;
    limit[0] = limit[1];
    system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, word(limit), 0);
  }

  long open_event(int target, int processor, unsigned long flags) {
    return system_call(SYS_perf_event_open, word(&attributes_), target, processor, -1,
                       static_cast<long>(flags | PERF_FLAG_FD_CLOEXEC));
  }

  /** Opens an event on every processor. */
  long open_events(int target, unsigned long flags) {
    std::uint32_t ring = 0;
    const bool first = ring_count_ == 0;
    for (int processor = 0; processor < static_cast<int>(kMaxProcessors); ++processor) {
      long event = open_event(target, processor, flags);
      if (event == -EINVAL && processor == 0 && attributes_.read_format != 0) {
        // Before Linux 6.0.
        attributes_.read_format = 0;
        event = open_event(target, processor, flags);
      }
      // One that is switched off, and one that there is not.
      if (event == -ENODEV) continue;
      if (event == -EINVAL && processor > 0) break;
      if (event < 0) return -event;
      if (event_count_ == kMaxEvents) return EMFILE;
      events_[event_count_++] = {static_cast<int>(event), POLLIN, 0};
      ++alive_;
      if (first) {
        rings_[ring_count_++] = {nullptr, 0, 0, 0, static_cast<int>(event), kNever};
      } else if (ring < ring_count_) {
        const long error = system_call(SYS_ioctl, event, PERF_EVENT_IOC_SET_OUTPUT, rings_[ring++].event);
        if (error < 0) return -error;
      }
    }
    return first ? map_rings() : 0;
  }

  /** Has the kernel tell which programs all processes run, as some come into the cgroup later. */
  long open_side_band() {
    const auto kept = attributes_;
    attributes_.type = PERF_TYPE_SOFTWARE;
    attributes_.config = PERF_COUNT_SW_DUMMY;
    attributes_.comm = attributes_.comm_exec = attributes_.mmap = attributes_.task = 1;
    const long error = open_events(-1, 0);
    attributes_ = kept;
    return error;
  }

  long map_rings() {
    const bool is_command = table_.orders.target == PerfTarget::kCommand;
    std::uint64_t size = is_command ? kLargestRingOfCommand : kLargestRing;
    while (size > kSmallestRing && size * ring_count_ > kAllRings) size /= 2;
    for (std::uint32_t index = 0; index < ring_count_; ++index) {
      auto& ring = rings_[index];
      for (;;) {
        const long mapped = system_call(SYS_mmap, 0, static_cast<long>(page_size() + size), PROT_READ | PROT_WRITE,
                                        MAP_SHARED, ring.event, 0);
        if (mapped > 0 || mapped < -4095) {
          // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as numbers.
          ring.page = reinterpret_cast<perf_event_mmap_page*>(mapped);
          ring.size = size;
          break;
        }
        // Without CAP_IPC_LOCK, memory is limited.
        if (size <= kSmallestRing) {
          step_ = PerfStep::kMemory;
          return -mapped;
        }
        size /= 2;
      }
    }
    return 0;
  }

  /** 4 KiB on x86_64, more on some arm64 machines. */
  static std::uint64_t page_size() {
    // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
    std::uint64_t entries[64];
    const File file = File::open("/proc/self/auxv");
    const auto size = file.valid() ? file.read(reinterpret_cast<char*>(entries), sizeof entries) : 0;
    constexpr std::uint64_t kAuxPageSize = 6;
    for (std::size_t index = 0; index + 1 < size / sizeof *entries; index += 2) {
      if (entries[index] == kAuxPageSize) return entries[index + 1];
    }
    return 4096;
  }

  /** Opens events for processes, for those that they have started, and for what these start meanwhile. */
  long open_processes() {
    const auto& orders = table_.orders;
    const auto count = orders.processes < kMaxPerfProcesses ? orders.processes : kMaxPerfProcesses;
    long error = 0;
    bool found = true;
    while (found && error == 0) {
      found = false;
      // What is recorded already tells of what it has started.
      drain();
      system_call(SYS_prctl, PR_TASK_PERF_EVENTS_ENABLE);
      for (std::uint32_t index = 0; index < count; ++index) open_process(orders.process[index], found, error, 0);
    }
    if (error == 0 && ring_count_ == 0) {
      step_ = PerfStep::kNoProcess;
      return ESRCH;
    }
    return error;
  }

  void open_process(std::uint32_t process, bool& found, long& error, int depth) {
    constexpr int kMaxDepth = 64;
    if (depth > kMaxDepth) return;
    for_each_number_in(ProcPath(process, "/task").text(), [&](unsigned thread) {
      if (error != 0) return;
      if (threads_.add(thread)) {
        found = true;
        processes_.program_of(process);
        // It may have ended.
        const long outcome = open_events(static_cast<int>(thread), 0);
        if (outcome != 0 && outcome != ESRCH) error = outcome;
      }
      // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
      char children[8192];
      const File file = File::open(ProcPath(process, thread, "/children").text());
      const auto size = file.valid() ? file.read(children, sizeof children) : 0;
      for_each_number(children, size, [&](unsigned child) { open_process(child, found, error, depth + 1); });
    });
  }

  /** Reads all that has been written by now, in the order of time. */
  void drain() {
    for (std::uint32_t index = 0; index < ring_count_; ++index) {
      auto& ring = rings_[index];
      if (ring.page == nullptr) continue;
      ring.head = __atomic_load_n(&ring.page->data_head, __ATOMIC_ACQUIRE);
      ring.time = time_of_next(ring);
    }
    for (;;) {
      Ring* earliest = nullptr;
      std::uint64_t next = kNever;
      for (std::uint32_t index = 0; index < ring_count_; ++index) {
        auto& ring = rings_[index];
        if (ring.time == kNever) continue;
        if (earliest == nullptr || ring.time < earliest->time) {
          if (earliest != nullptr) next = earliest->time;
          earliest = &ring;
        } else if (ring.time < next) {
          next = ring.time;
        }
      }
      if (earliest == nullptr) return;
      do {
        take(*earliest);
        earliest->time = time_of_next(*earliest);
      } while (earliest->time <= next && earliest->time != kNever);
      __atomic_store_n(&earliest->page->data_tail, earliest->tail, __ATOMIC_RELEASE);
    }
  }

  /** The next record, whole. */
  const unsigned char* record_at(const Ring& ring) {
    const auto* data = reinterpret_cast<const unsigned char*>(ring.page) + ring.page->data_offset;
    const std::uint64_t start = ring.tail & (ring.size - 1);
    const auto size = reinterpret_cast<const perf_event_header*>(data + start)->size;
    if (start + size <= ring.size) return data + start;
    for (std::size_t at = 0; at < size; ++at) scratch_[at] = data[(start + at) & (ring.size - 1)];
    return scratch_;
  }

  std::uint64_t time_of_next(const Ring& ring) {
    if (ring.tail == ring.head) return kNever;
    const auto* record = record_at(ring);
    const auto header = read_at<perf_event_header>(record);
    const std::size_t place = header.type == PERF_RECORD_SAMPLE ? 16 : header.size - sizeof(std::uint64_t);
    // Nothing is later than never.
    const auto time = read_at<std::uint64_t>(record + place);
    return time == kNever ? kNever - 1 : time;
  }

  void take(Ring& ring) {
    const auto* record = record_at(ring);
    const auto header = read_at<perf_event_header>(record);
    const auto* body = record + sizeof header;
    switch (header.type) {
      case PERF_RECORD_SAMPLE:
        called(body);
        break;
      case PERF_RECORD_LOST:
        lost_ += read_at<std::uint64_t>(body + 8);
        summary_.lose(read_at<std::uint64_t>(body + 8));
        break;
      case PERF_RECORD_COMM:
        if ((header.misc & PERF_RECORD_MISC_COMM_EXEC) != 0) processes_.executing(read_at<std::uint32_t>(body));
        break;
      case PERF_RECORD_MMAP: {
        constexpr std::size_t kPath = 32;
        processes_.mapped(read_at<std::uint32_t>(body), reinterpret_cast<const char*>(body + kPath));
        break;
      }
      case PERF_RECORD_FORK: {
        const auto child = read_at<std::uint32_t>(body);
        const auto parent = read_at<std::uint32_t>(body + 4);
        threads_.add(read_at<std::uint32_t>(body + 8));
        if (child != parent) processes_.forked(parent, child);
        break;
      }
      case PERF_RECORD_EXIT:
        // The kernel takes its events off a program with more rights than whoever started it.
        if (attributes_.inherit != 0 && processes_.is_executing(read_at<std::uint32_t>(body))) {
          publish(table_.header.unseen, table_.header.unseen + 1);
        }
        break;
      default:
        break;
    }
    ring.tail += header.size;
  }

  void called(const unsigned char* body) {
    // pid, tid, time, size of the raw data.
    constexpr std::size_t kRawSize = 16;
    constexpr std::size_t kRaw = kRawSize + 4;
    constexpr std::size_t kNumber = 8;
    constexpr std::size_t kArguments = 16;
    Call call{};
    call.process = read_at<std::uint32_t>(body);
    if (call.process == table_.orders.excluded || call.process == own_process_) return;
    call.number = static_cast<std::uint32_t>(read_at<std::uint64_t>(body + kRaw + kNumber));
    for (std::size_t index = 0; index < kPerfArguments; ++index) {
      call.args[index] = read_at<std::uint64_t>(body + kRaw + kArguments + 8 * index);
    }
    const auto* registers = body + kRaw + read_at<std::uint32_t>(body + kRawSize);
    const auto abi = read_at<std::uint64_t>(registers);
    // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
    std::uint64_t values[kRegisterCount]{};
    for (std::size_t index = 0; abi != 0 && index < kRegisterCount; ++index) {
      values[index] = read_at<std::uint64_t>(registers + 8 + 8 * index);
    }
    call.arch = arch_of(abi, values, call.args);
    summary_.add(call, processes_.program_of(call.process));
  }

  /** Records of losses are written with the next record that finds room: there may have been none. */
  void count_unreported() {
    if (attributes_.read_format == 0) return;
    std::uint64_t all = 0;
    for (std::uint32_t index = 1; index < event_count_; ++index) {
      const int event = events_[index].fd < 0 ? -events_[index].fd : events_[index].fd;
      // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
      std::uint64_t values[2]{};
      if (system_call(SYS_read, event, word(values), sizeof values) == sizeof values) all += values[1];
    }
    if (all > lost_) summary_.lose(all - lost_);
  }

  /** PERF_FORMAT_LOST of Linux 6.0. */
  static constexpr std::uint64_t kFormatLost = 1U << 4;

  PerfTable& table_;
  Summary summary_;
  Processes processes_;
  Threads threads_;
  Ring* rings_;
  std::uint32_t ring_count_ = 0;
  /** The first is what stops the recorder. A descriptor below 0 is one whose threads have ended. */
  pollfd* events_;
  std::uint32_t event_count_ = 0;
  std::uint32_t alive_ = 0;
  unsigned char* scratch_;
  perf_event_attr attributes_{};
  PerfStep step_ = PerfStep::kNone;
  std::uint64_t lost_ = 0;
  std::uint32_t own_process_ = static_cast<std::uint32_t>(system_call(SYS_getpid));
};

/** read(2) or write(2) of a number, whole. */
bool transfer(long number, int* value) {
  for (;;) {
    const long count = system_call(number, kPerfStartDescriptor, word(value), sizeof *value);
    if (count != -EINTR) return count == sizeof *value;
  }
}

}  // namespace

extern "C" [[noreturn]] __attribute__((used)) void record() {
  // No signal but SIGKILL is for the recorder, whoever sends it to a group or to all processes.
  const std::uint64_t all = ~0UL;
  system_call(SYS_rt_sigprocmask, SIG_SETMASK, word(&all), 0, sizeof all);
  system_call(SYS_prctl, PR_SET_NAME, word("seccomp-perf"));
  const long mapped =
      system_call(SYS_mmap, 0, sizeof(PerfTable), PROT_READ | PROT_WRITE, MAP_SHARED, kPerfTableDescriptor, 0);
  int process = 0;
  if (mapped < 0 || !transfer(SYS_read, &process)) end(1);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as numbers.
  Recorder recorder(*reinterpret_cast<PerfTable*>(mapped));
  int error = static_cast<int>(recorder.begin(static_cast<std::uint32_t>(process)));
  if (error != 0) recorder.fail(error);
  transfer(SYS_write, &error);
  system_call(SYS_close, kPerfStartDescriptor);
  if (error != 0) end(0);
  recorder.run();
}

}  // namespace seccomp_node
