// What a measurement was made on, as the file and the page say it.
import { release } from 'node:os';

export const machine = () => `${process.arch}, Linux ${release().split('.').slice(0, 2).join('.')}`;
export const glibc = () => process.report.getReport().header.glibcVersionRuntime;
const list = words => `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
export const versionsOf = ({ versions }) => list(versions.map(({ version }) => version));
