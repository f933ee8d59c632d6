// Shared by the programs that measure filters.
#pragma once

#include <errno.h>
#include <linux/filter.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kMaxInstructions = 4096, kMaxFilters = 64 };

static void die(const char* what) {
  fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
  exit(1);
}

static struct sock_fprog read_filter(const char* path) {
  static struct sock_filter buffers[kMaxFilters][kMaxInstructions];
  static unsigned used;
  if (strcmp(path, "-") == 0) return (struct sock_fprog){0};
  struct sock_filter* program = buffers[used++];
  FILE* file = fopen(path, "rb");
  if (file == NULL) die(path);
  const size_t count = fread(program, sizeof *program, kMaxInstructions, file);
  fclose(file);
  return (struct sock_fprog){.len = (unsigned short)count, .filter = program};
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}
