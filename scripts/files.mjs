// Paths and files of the project, shared by all scripts.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, with a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {string[]} parts */
export const inRoot = (...parts) => join(root, ...parts);

/** @param {string} path */
export const readJson = path => JSON.parse(readFileSync(path, 'utf8'));

/**
 * The time of the last change in milliseconds, 0 if there is no such file.
 * @param {string} path
 */
export const modified = path => (existsSync(path) ? statSync(path).mtimeMs : 0);

/**
 * The paths of all files under a folder, relative to it, sorted.
 * @param {string} folder
 */
export const filesUnder = folder =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

/**
 * Calls `use` with a new folder whose path begins with `prefix`, and removes the folder afterwards.
 * @template T
 * @param {string} prefix
 * @param {(folder: string) => T} use
 * @returns {T} what `use` returns, which must not be a promise
 */
export function withScratch(prefix, use) {
  const folder = mkdtempSync(prefix);
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
