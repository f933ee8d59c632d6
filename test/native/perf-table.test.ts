// The memory that the perf recorder shares with JavaScript has a part for each ABI.
import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';
import { isFailure, native } from '#lib/native.js';
import { PERF_TABLE_SIZE } from '#lib/process/trace/perf/table.js';

it('the table of the perf recorder has the same size in native/perf/table.h and in lib/process/trace/perf/table.ts', () => {
  const files = native().preparePerfRecorder();
  assert.ok(!isFailure(files));
  const { size } = fstatSync(files.table);
  for (const descriptor of Object.values<number>({ ...files })) native().closeDescriptor(descriptor);
  assert.equal(size, PERF_TABLE_SIZE);
});
