// The options of `compile` by what they decide. Apart from it, so that what takes them too need not load the compiler.

/** Options that describe the machine. */
export const TARGET_OPTIONS = ['arch', 'kernel', 'capabilities'] as const;

/** Options that decide what a profile means. */
export const RESOLVE_OPTIONS = [
  ...TARGET_OPTIONS,
  'unknownSyscalls',
  'badArch',
  'argWidth',
  'strict',
] as const;

/** Options that decide how the program is made. */
export const PROGRAM_OPTIONS = ['codegen', 'weights', 'optimize'] as const;

/** Every option of `compile`. */
export const COMPILE_OPTIONS: readonly string[] = [...RESOLVE_OPTIONS, ...PROGRAM_OPTIONS];
