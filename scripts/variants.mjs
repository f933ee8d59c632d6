// The machines that the package brings an add-on for: what each is compiled for and where its file lies.

/** Older C libraries than that of Node's own binaries need not be served. */
export const OLDEST_GLIBC = '2.28';

const variant = (arch, libc, target) => ({
  name: `${arch}-${libc}`,
  arch,
  libc,
  /** As the compiler calls it. */
  target,
  file: `prebuilds/linux-${arch}/seccomp.${libc}.node`,
});

/**
 * The processors that the add-on can be loaded on, as the compiler calls them.
 * @type {Record<import('../dist/native.js').Processor, string>}
 */
const PROCESSORS = { x64: 'x86_64', arm64: 'aarch64' };

export const VARIANTS = Object.entries(PROCESSORS).flatMap(([arch, processor]) => [
  variant(arch, 'glibc', `${processor}-linux-gnu.${OLDEST_GLIBC}`),
  variant(arch, 'musl', `${processor}-linux-musl`),
]);

/** The variants with these names, all for none. Throws for a name that is none of them. */
export function variantsNamed(names) {
  const unknown = names.filter(wanted => !VARIANTS.some(({ name }) => name === wanted));
  if (unknown.length > 0)
    throw new Error(
      `unknown: ${unknown.join(', ')}. The variants are ${VARIANTS.map(({ name }) => name).join(', ')}`,
    );
  return names.length === 0 ? VARIANTS : VARIANTS.filter(({ name }) => names.includes(name));
}
