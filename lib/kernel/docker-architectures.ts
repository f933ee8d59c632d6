// The architectures as dockerd spells them, which are Go's names.

/** The names that `arches` of a profile may contain. Source: nativeToSeccomp in moby's profiles/seccomp. */
export const DOCKER_ARCHITECTURES = [
  'amd64',
  'arm',
  'arm64',
  'loong64',
  'mips',
  'mips3l64n32',
  'mips64',
  'mips64n32',
  'mipsel',
  'mipsel64',
  'mipsle',
  'ppc',
  'ppc64',
  'ppc64le',
  'riscv64',
  's390',
  's390x',
  'x32',
  'x86',
] as const;

/** An architecture in `arches` of a profile, e.g. `amd64`. */
export type DockerArchitecture = (typeof DOCKER_ARCHITECTURES)[number];
