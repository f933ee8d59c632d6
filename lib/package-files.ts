// Resolves the paths of files that ship with the package.

/**
 * The path of a file of the package. This module and the bundles that contain it are in the same folder. `path` is
 * relative to the package's root, e.g. `profiles/docker-default.json`.
 *
 * If a program bundles this module, the files must be in the same place relative to the program's folder. Bundlers that
 * write CommonJS leave `import.meta` empty; then `__dirname` is the folder of the program, or of the executable that
 * contains it.
 */
export const packageFile = (path: string): string => {
  const folder = Object.hasOwn(import.meta, 'dirname') ? import.meta.dirname : __dirname;
  return `${folder.slice(0, folder.lastIndexOf(folder.includes('/') ? '/' : '\\'))}/${path}`;
};
