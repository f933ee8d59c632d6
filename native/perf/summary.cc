#include "summary.h"

#include "../freestanding/memory.h"
#include "../freestanding/system_call.h"
#include "hash.h"

namespace seccomp_node {

namespace {

constexpr std::uint32_t kCallBuckets = 2 * kMaxPerfCalls;
constexpr std::uint32_t kValueBuckets = 2 * kMaxPerfValues;
constexpr std::uint32_t kNone = 0xffffffff;

/** Reports a change of the table. If the pipe is full, a report is pending already. */
void wake() {
  const char byte = 0;
  system_call(SYS_write, kPerfWakeDescriptor, word(&byte), 1);
}

}  // namespace

Summary::Summary(PerfTable& table)
    : table_(table),
      call_buckets_(allocate<std::uint32_t>(kCallBuckets)),
      value_buckets_(allocate<std::uint32_t>(kValueBuckets)) {}

void Summary::add(const Call& call, std::uint32_t program) {
  auto& header = table_.header;
  publish(header.events, header.events + 1);
  const auto* widths = argument_widths(table_.orders, call);
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

void Summary::lose(std::uint64_t records) { publish(table_.header.lost, table_.header.lost + records); }

std::uint32_t Summary::program(const char* path) {
  auto& used = table_.header.programs;
  for (std::uint32_t index = 0; index < used; ++index) {
    if (equals_kept(table_.programs[index].path, path)) return index;
  }
  if (used == kMaxPerfPrograms) return kUnknownPerfProgram;
  auto& to = table_.programs[used].path;
  for (std::size_t at = 0; at + 1 < sizeof to && path[at] != '\0'; ++at) to[at] = path[at];
  publish(used, used + 1);
  return used - 1;
}

std::uint32_t Summary::find(const Call& call, std::uint32_t program) {
  auto& used = table_.header.calls;
  std::uint32_t hash = hash_of((static_cast<std::uint64_t>(call.number) << 32 | program) ^ call.arch);
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

void Summary::add_value(PerfCall& entry, std::uint32_t call, std::uint32_t index, std::uint64_t value) {
  entry.bits[index] |= value;
  if ((entry.more & 1U << index) != 0) return;
  auto& used = table_.header.values;
  std::uint32_t hash =
      hash_of(value ^ static_cast<std::uint64_t>(call) << 35 ^ static_cast<std::uint64_t>(index) << 61);
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

}  // namespace seccomp_node
