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

export const VARIANTS = [
  variant('x64', 'glibc', `x86_64-linux-gnu.${OLDEST_GLIBC}`),
  variant('x64', 'musl', 'x86_64-linux-musl'),
  variant('arm64', 'glibc', `aarch64-linux-gnu.${OLDEST_GLIBC}`),
  variant('arm64', 'musl', 'aarch64-linux-musl'),
];

/** The variants with these names, all for none. Throws for a name that is none of them. */
export function variantsNamed(names) {
  const unknown = names.filter(wanted => !VARIANTS.some(({ name }) => name === wanted));
  if (unknown.length > 0)
    throw new Error(
      `unknown: ${unknown.join(', ')}. The variants are ${VARIANTS.map(({ name }) => name).join(', ')}`,
    );
  return names.length === 0 ? VARIANTS : VARIANTS.filter(({ name }) => names.includes(name));
}
