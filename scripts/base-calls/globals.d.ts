// Globals and modules of the measured programs that the types of Node 20 lack.
declare namespace WebAssembly {
  function instantiate(
    bytes: Uint8Array,
  ): Promise<{ instance: { exports: Record<string, (...values: number[]) => number> } }>;
}
declare module 'node:sqlite';
/** A file of FILES in programs.mjs. */
declare module '*/late.mjs';
