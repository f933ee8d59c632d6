// The machines for which the package ships an add-on, with the compiler target and the file of each.

/** The oldest supported glibc is the one that Node's official binaries need. */
export const OLDEST_GLIBC = '2.28';

const variant = (arch, libc, target) => ({
  name: `${arch}-${libc}`,
  arch,
  libc,
  /** The compiler's name of the target. */
  target,
  file: `prebuilds/linux-${arch}/seccomp.${libc}.node`,
});

/**
 * The compiler's names of the processors that the add-on supports.
 * @type {Record<import('../dist/native.js').Processor, string>}
 */
const PROCESSORS = { x64: 'x86_64', arm64: 'aarch64' };

export const VARIANTS = Object.entries(PROCESSORS).flatMap(([arch, processor]) => [
  variant(arch, 'glibc', `${processor}-linux-gnu.${OLDEST_GLIBC}`),
  variant(arch, 'musl', `${processor}-linux-musl`),
]);

/** The variants with these names; all if there are none. Throws for an unknown name. */
export function variantsNamed(names) {
  const unknown = names.filter(wanted => !VARIANTS.some(({ name }) => name === wanted));
  if (unknown.length > 0)
    throw new Error(
      `unknown: ${unknown.join(', ')}. The variants are ${VARIANTS.map(({ name }) => name).join(', ')}`,
    );
  return names.length === 0 ? VARIANTS : VARIANTS.filter(({ name }) => names.includes(name));
}
