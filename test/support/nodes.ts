// Available versions of Node besides the one that runs the tests: scripts/nodes.mjs fetches them.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../deps/nodes', import.meta.url));

/** The names and binaries of these versions, the current one first. */
export const nodes: readonly (readonly [name: string, binary: string])[] = [
  [`Node ${process.versions.node}`, process.execPath],
  ...(existsSync(folder) ? readdirSync(folder) : []).flatMap((major): (readonly [string, string])[] => {
    const binary = `${folder}/${major}/node_modules/node-linux-${process.arch}/bin/node`;
    const isThisOne = process.versions.node.startsWith(`${major}.`);
    return existsSync(binary) && !isThisOne ? [[`Node ${major}`, binary]] : [];
  }),
];
