#include "recorded_calls.h"

#include <linux/audit.h>

#include "../freestanding/memory.h"
#include "../freestanding/native_arch.h"

namespace seccomp_node {

namespace {

/** Different arguments of one call of one program that are distinguished. */
constexpr std::uint16_t kMaxVariants = 256;
constexpr std::uint32_t kVariantCounters = 1U << 14;
constexpr std::uint32_t kBuckets = 2 * kMaxEntries;

std::uint32_t base_hash(const RecordedEntry& entry) {
  return entry.number * 0x9e3779b1U ^ (entry.program * 0xc2b2ae35U) ^ (entry.phase * 0x27d4eb2fU) ^ entry.arch;
}

std::uint32_t hash(const RecordedEntry& entry) {
  std::uint32_t value = base_hash(entry) ^ entry.flags;
  for (const std::uint64_t arg : entry.args) {
    value = (value ^ static_cast<std::uint32_t>(arg) ^ static_cast<std::uint32_t>(arg >> 32)) * 0x85ebca6bU;
    value ^= value >> 15;
  }
  return value;
}

bool equal(const RecordedEntry& a, const RecordedEntry& b) {
  for (int index = 0; index < 6; ++index) {
    if (a.args[index] != b.args[index]) return false;
  }
  return a.number == b.number && a.arch == b.arch && a.program == b.program && a.phase == b.phase &&
         (a.flags & kUnknownArguments) == (b.flags & kUnknownArguments);
}

}  // namespace

RecordedCalls::RecordedCalls(Table& table, RecordingPart& part)
    : table_(table),
      part_(part),
      entries_(reinterpret_cast<RecordedEntry*>(table.entries)),
      buckets_(allocate_or_exit<std::uint32_t>(kBuckets)),
      variants_(allocate_or_exit<std::uint16_t>(kVariantCounters)) {}

std::uint32_t RecordedCalls::kind_of(const Call& call) const {
  const bool is_x32 = kNativeArch == AUDIT_ARCH_X86_64 && call.arch == kNativeArch && (call.number & kX32Bit) != 0;
  const std::uint32_t number = is_x32 ? call.number & ~kX32Bit : call.number;
  const std::uint32_t abi = is_x32 ? 2 : call.arch == kNativeArch ? 0 : 1;
  return number < kCallKinds ? part_.kinds[abi][number] : 0;
}

std::uint32_t RecordedCalls::count(const Call& call, std::uint32_t program, bool& is_new) {
  const std::uint32_t kind = kind_of(call);
  RecordedEntry sought{};
  sought.arch = call.arch;
  sought.number = call.number;
  sought.program = program;
  sought.phase = part_.phase;
  for (int index = 0; index < 6; ++index) {
    if ((kind >> index & 1) == 0) continue;
    const bool is_wide = (kind >> (index + kWideShift) & 1) != 0;
    sought.args[index] = is_wide ? call.args[index] : static_cast<std::uint32_t>(call.args[index]);
  }
  std::uint32_t found = find(sought);
  if (found == 0 && (kind & kArguments) != 0 && variants_of(sought) == kMaxVariants) {
    for (auto& arg : sought.args) arg = 0;
    sought.flags = kUnknownArguments;
    found = find(sought);
  }
  if (found == 0) {
    is_new = true;
    found = insert(sought);
    if (found == 0) publish(table_.header.lost, table_.header.lost + 1);
    return found;
  }
  auto& entry = entries_[found - 1];
  publish(entry.count, entry.count + 1);
  return found;
}

void RecordedCalls::count_unavailable(std::uint32_t entry) {
  auto& unavailable = entries_[entry - 1].unavailable;
  publish(unavailable, unavailable + 1);
}

std::uint32_t RecordedCalls::find(const RecordedEntry& sought) const {
  for (std::uint32_t at = hash(sought);; ++at) {
    const std::uint32_t bucket = buckets_[at % kBuckets];
    if (bucket == 0 || equal(entries_[bucket - 1], sought)) return bucket;
  }
}

std::uint32_t RecordedCalls::insert(const RecordedEntry& made) {
  auto& used = table_.header.entries;
  if (used == kMaxEntries) return 0;
  std::uint32_t at = hash(made);
  while (buckets_[at % kBuckets] != 0) ++at;
  entries_[used] = made;
  entries_[used].count = 1;
  buckets_[at % kBuckets] = used + 1;
  auto& variants = variants_of(made);
  if (variants < kMaxVariants) ++variants;
  publish(used, used + 1);
  return used;
}

std::uint16_t& RecordedCalls::variants_of(const RecordedEntry& entry) const {
  const std::uint32_t value = base_hash(entry);
  return variants_[(value ^ value >> 16) % kVariantCounters];
}

}  // namespace seccomp_node
