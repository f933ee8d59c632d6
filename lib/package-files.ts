// Resolves the paths of files that ship with the package.

/**
 * The path of a file of the package. This module and the bundles that it becomes part of lie in the same folder.
 * `path` counts from the root of the package, e.g. `profiles/docker-default.json`.
 *
 * In a program that contains this module, the files have the same place beside the folder of that program. Bundlers
 * that write CommonJS leave `import.meta` empty; `__dirname` is the folder of the program then, or of the executable that
 * contains it.
 */
export const packageFile = (path: string): string => {
  const folder = Object.hasOwn(import.meta, 'dirname') ? import.meta.dirname : __dirname;
  return `${folder.slice(0, folder.lastIndexOf(folder.includes('/') ? '/' : '\\'))}/${path}`;
};
