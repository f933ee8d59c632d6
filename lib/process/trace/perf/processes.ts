// Finds processes in /proc.
import { RecordingError } from '../../../util/errors.js';
import { textOf, idsIn } from '../../inspect/proc.js';

/** A process and its descendants, except those whose parent has ended. Throws RecordingError (`process-not-found`). */
export function processTree(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const pid of idsIn('/proc') ?? []) {
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  if (parentOf(root) === undefined)
    throw new RecordingError('process-not-found', `there is no process ${root}`, 'Look for it with ps');
  const tree = [root];
  // The list grows during the iteration.
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

function parentOf(pid: number): number | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  // The name is in parentheses, and may itself contain parentheses.
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 1).split(' ')[2]);
}
