// Describes the machine and the versions of a measurement, for the generated file and page.
import { release } from 'node:os';

export const machine = () => `${process.arch}, Linux ${release().split('.').slice(0, 2).join('.')}`;

/** The version of glibc, which the declarations of Node's reports do not list. */
export function glibc() {
  /** @type {{ header?: { glibcVersionRuntime?: string } }} */
  const { header } = process.report.getReport();
  return header?.glibcVersionRuntime ?? 'unknown';
}

const list = words => `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
export const versionsOf = ({ versions }) => list(versions.map(({ version }) => version));
