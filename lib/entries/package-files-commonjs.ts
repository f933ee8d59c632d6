// package-files.ts for bundle/, which is CommonJS. A separate file in the syntax of ES2020, with paths relative to __dirname, so
// that ncc reads it, copies the folders that the package needs, and points to the copies.
import { normalize } from 'node:path';
import { own } from '../util/own.js';

const FOLDERS: Readonly<Record<string, string>> = {
  bundle: `${__dirname}/../bundle`,
  data: `${__dirname}/../data`,
  prebuilds: `${__dirname}/../prebuilds`,
  profiles: `${__dirname}/../profiles`,
};

/** The path of a file of the package. `path` is relative to the package's root, e.g. `profiles/docker-default.json`. */
export const packageFile = (path: string): string => {
  const slash = path.indexOf('/');
  const folder = own(FOLDERS, path.slice(0, slash));
  return normalize(folder === undefined ? `${__dirname}/../${path}` : `${folder}${path.slice(slash)}`);
};
