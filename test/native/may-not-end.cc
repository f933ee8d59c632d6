// Asks the guard of the fuzzers about rules on one call. Input, in native words of 64 bits: for each rule the number of
// its comparisons, then four words for each of them. Output: a line of 0 and 1, which are refused.
#include <cstdio>
#include <vector>

#include "../../native/fuzz/may_not_end.h"

namespace {

bool read_words(std::uint64_t* words, std::size_t count) { return fread(words, sizeof *words, count, stdin) == count; }

}  // namespace

int main() {
  seccomp_node::MayNotEnd guard;
  std::uint64_t comparisons = 0;
  while (read_words(&comparisons, 1)) {
    std::vector<std::uint64_t> words(comparisons * seccomp_node::Context::kComparisonWords);
    if (!read_words(words.data(), words.size())) return 1;
    putchar(guard.refuses({0, 0}, words) ? '1' : '0');
  }
  putchar('\n');
}
