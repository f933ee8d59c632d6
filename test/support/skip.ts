// Skips tests that this machine cannot run.

/** Skips a test with a reason. */
export function skip(test: Mocha.Context, reason: string): never {
  console.log(`      skipped: ${reason}`);
  return test.skip();
}
