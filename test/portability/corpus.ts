// Profiles that every host must compile to the same programs, and a script that compiles them on any host.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compile } from '#lib/entries/inspect.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The texts of this project's profiles and, if available, those of other projects, by name. */
export const corpus: Readonly<Record<string, string>> = Object.fromEntries(
  ['profiles', 'examples', '../shared/profiles'].flatMap(folder =>
    existsSync(`${root}${folder}`)
      ? readdirSync(`${root}${folder}`)
          .filter(name => name.endsWith('.json'))
          .map(name => [`${folder}/${name}`, readFileSync(`${root}${folder}/${name}`, 'utf8')])
      : [],
  ),
);

/** The digest of the program, or the code of the error, for each profile and architecture, in Node. */
export const expected: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(corpus).flatMap(([name, text]) =>
    (['x86_64', 'aarch64'] as const).map(arch => {
      try {
        return [`${name} ${arch}`, createHash('sha256').update(compile(text, { arch }).bpf).digest('hex')];
      } catch (error) {
        return [`${name} ${arch}`, (error as { code: string }).code];
      }
    }),
  ),
);

/** A bundled script for browsers that defines `seccomp` as the exports of `seccomp/inspect`. */
export async function browserScript(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from 'seccomp/inspect'`, resolveDir: root },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    globalName: 'seccomp',
    target: 'es2022',
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}

/** An expression for the program in hexadecimal, or the code of the error, for each profile and architecture. */
export const compileAll = `Object.fromEntries(Object.entries(${JSON.stringify(corpus)}).flatMap(([name, text]) =>
  ['x86_64', 'aarch64'].map(arch => {
    try {
      const hex = Array.from(seccomp.compile(text, { arch }).bpf, byte => byte.toString(16).padStart(2, '0'));
      return [name + ' ' + arch, hex.join('')];
    } catch (error) {
      return [name + ' ' + arch, error.code];
    }
  })))`;

/** The result of `compileAll` in the format of `expected`. */
export const digests = (results: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(results).map(([name, result]) => [
      name,
      /^(?:[\da-f]{2})+$/.test(result) ? createHash('sha256').update(result, 'hex').digest('hex') : result,
    ]),
  );
