// How the processors that can be emulated differ.

/**
 * By Node's name of the architecture: `debian` is Debian's name and `release` the release of the packages, `triplet` is the
 * compiler's prefix, `emulator` is the command and its package. The emulated processors are basic models: emulating the
 * features of newer ones takes time.
 * @typedef {{ debian: string, release: string, triplet: string, emulator: [string, string], machine: string[], console: string }} Machine
 * @type {Record<import('../../dist/native.js').Processor, Machine>}
 */
export const ARCHITECTURES = {
  arm64: {
    debian: 'arm64',
    release: 'bookworm',
    triplet: 'aarch64-linux-gnu',
    emulator: ['qemu-system-aarch64', 'qemu-system-arm'],
    machine: ['-M', 'virt', '-cpu', 'cortex-a72'],
    console: 'ttyAMA0',
  },
  x64: {
    debian: 'amd64',
    release: 'bookworm',
    triplet: 'x86_64-linux-gnu',
    emulator: ['qemu-system-x86_64', 'qemu-system-x86'],
    machine: ['-M', 'q35', '-cpu', 'Nehalem'],
    console: 'ttyS0',
  },
};

/** The commands that an emulated machine needs, with their Debian packages. */
export function toolsFor(arch) {
  const { emulator, triplet } = ARCHITECTURES[arch];
  /** @type {Record<string, string>} */
  const compiler = arch === process.arch ? { 'c++': 'g++' } : { [`${triplet}-g++`]: `g++-${triplet}` };
  return { ...Object.fromEntries([emulator]), cpio: 'cpio', ...compiler };
}

/** The compiler commands for a processor: the native compiler for this machine's processor. */
export const compilerFor = arch => {
  const { triplet } = ARCHITECTURES[arch];
  return arch === process.arch
    ? { CC: 'cc', CXX: 'c++', AR: 'ar' }
    : { CC: `${triplet}-gcc`, CXX: `${triplet}-g++`, AR: `${triplet}-ar` };
};
