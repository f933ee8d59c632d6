// What the measured programs find where they run, and the types of Node 20 lack.
declare namespace WebAssembly {
  function instantiate(
    bytes: Uint8Array,
  ): Promise<{ instance: { exports: Record<string, (...values: number[]) => number> } }>;
}
declare module 'node:sqlite';
/** Of FILES in programs.mjs. */
declare module '*/late.mjs';
