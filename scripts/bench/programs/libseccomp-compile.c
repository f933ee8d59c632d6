// Times libseccomp from seccomp_init to the exported program, on request.
//
//   libseccomp-compile RULES   each line on standard input, `OPTIMIZE [FILE]`, compiles once and answers `NS
//   INSTRUCTIONS`;
//                              with FILE the program is written there
//
// The format of RULES is that of scripts/bench/rules.mjs. Names are looked up before the clock starts.
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kMaxRules = 16384, kMaxArchs = 8, kMaxComparisons = 6, kMaxBytes = 1 << 22 };

struct Rule {
  int syscall;
  uint32_t action;
  unsigned count;
  struct scmp_arg_cmp comparisons[kMaxComparisons];
};

struct Table {
  uint32_t default_action;
  uint32_t bad_arch;
  uint32_t archs[kMaxArchs];
  unsigned arch_count;
  struct Rule* rules;
  unsigned rule_count;
};

static void die(const char* what, int error) {
  fprintf(stderr, "libseccomp-compile: %s: %s\n", what, strerror(error));
  exit(1);
}

static void read_rule(FILE* file, struct Table* table) {
  char name[64];
  if (table->rule_count == kMaxRules) die("too many rules", E2BIG);
  struct Rule* rule = &table->rules[table->rule_count++];
  if (fscanf(file, "%63s %" SCNu32 " %u", name, &rule->action, &rule->count) != 3) die("a rule", EINVAL);
  if (rule->count > kMaxComparisons) die("comparisons", E2BIG);
  rule->syscall = seccomp_syscall_resolve_name(name);
  if (rule->syscall == __NR_SCMP_ERROR) die(name, ENOENT);
  for (unsigned index = 0; index < rule->count; index++) {
    unsigned arg, op;
    uint64_t a, b;
    if (fscanf(file, "%u %u %" SCNu64 " %" SCNu64, &arg, &op, &a, &b) != 4) die("a comparison", EINVAL);
    rule->comparisons[index] = (struct scmp_arg_cmp){arg, (enum scmp_compare)op, a, b};
  }
}

static void read_table(const char* path, struct Table* table) {
  FILE* file = fopen(path, "r");
  if (file == NULL) die(path, errno);
  char word[16];
  while (fscanf(file, "%15s", word) == 1) {
    if (strcmp(word, "rule") == 0) {
      read_rule(file, table);
      continue;
    }
    uint32_t number;
    if (fscanf(file, "%" SCNu32, &number) != 1) die(word, EINVAL);
    if (strcmp(word, "default") == 0) table->default_action = number;
    if (strcmp(word, "badarch") == 0) table->bad_arch = number;
    if (strcmp(word, "arch") == 0) {
      if (table->arch_count == kMaxArchs || fscanf(file, "%*s") < 0) die(word, EINVAL);
      table->archs[table->arch_count++] = number;
    }
  }
  fclose(file);
}

static void check(int result, const char* function) {
  if (result < 0) die(function, -result);
}

static size_t compile(const struct Table* table, uint32_t optimize, void* program) {
  scmp_filter_ctx context = seccomp_init(table->default_action);
  if (context == NULL) die("seccomp_init", EINVAL);
  for (unsigned index = 0; index < table->arch_count; index++) {
    const int result = seccomp_arch_add(context, table->archs[index]);
    if (result != -EEXIST) check(result, "seccomp_arch_add");
  }
  check(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, table->bad_arch), "seccomp_attr_set");
  check(seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, optimize), "seccomp_attr_set");
  for (unsigned index = 0; index < table->rule_count; index++) {
    const struct Rule* rule = &table->rules[index];
    check(seccomp_rule_add_array(context, rule->action, rule->syscall, rule->count, rule->comparisons),
          "seccomp_rule_add_array");
  }
  // 2.6.0 copies as many bytes as the buffer holds, so the first call asks for the size.
  size_t length = 0;
  check(seccomp_export_bpf_mem(context, NULL, &length), "seccomp_export_bpf_mem");
  if (length > kMaxBytes) die("the program", E2BIG);
  check(seccomp_export_bpf_mem(context, program, &length), "seccomp_export_bpf_mem");
  seccomp_release(context);
  return length;
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void write_file(const char* path, const void* bytes, size_t length) {
  FILE* file = fopen(path, "wb");
  if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) die(path, errno);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: libseccomp-compile RULES\n");
    return 2;
  }
  struct Table table = {.rules = calloc(kMaxRules, sizeof(struct Rule))};
  void* program = malloc(kMaxBytes);
  if (table.rules == NULL || program == NULL) die("memory", ENOMEM);
  // The newest level, as in the package: the rules may be for another kernel.
  check(seccomp_api_set(7), "seccomp_api_set");
  read_table(argv[1], &table);
  const struct scmp_version* version = seccomp_version();
  printf("C, libseccomp %u.%u.%u\n", version->major, version->minor, version->micro);
  fflush(stdout);
  char line[4096];
  while (fgets(line, sizeof line, stdin) != NULL) {
    char path[4096] = "";
    uint32_t optimize = 0;
    if (sscanf(line, "%" SCNu32 " %4095s", &optimize, path) < 1) die("a request", EINVAL);
    const uint64_t start = now();
    const size_t length = compile(&table, optimize, program);
    const uint64_t end = now();
    if (path[0] != '\0') write_file(path, program, length);
    printf("%" PRIu64 " %zu\n", end - start, length / sizeof(struct sock_filter));
    fflush(stdout);
  }
  return 0;
}
