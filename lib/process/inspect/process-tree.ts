// Puts processes below their parents.

/** What a tree is made of. */
interface ProcessNode {
  readonly id: number;
  readonly parent: number;
}

/**
 * The processes in the order of a tree that is read from the top: each after its parent, with its depth. One whose parent
 * is not among them stands at depth 0. As the list was no snapshot, and ids are used again, parents may even lead round in a
 * circle: it is cut at one of them.
 */
export function processTree<T extends ProcessNode>(
  processes: readonly T[],
): readonly { readonly depth: number; readonly process: T }[] {
  const ids = new Set(processes.map(({ id }) => id));
  const children = new Map<number, T[]>();
  for (const process of processes) {
    const siblings = children.get(process.parent);
    if (siblings === undefined) children.set(process.parent, [process]);
    else siblings.push(process);
  }
  const placed = new Set<number>();
  const rows: { readonly depth: number; readonly process: T }[] = [];
  const place = (root: T): void => {
    const open = [{ depth: 0, process: root }];
    for (let row = open.pop(); row !== undefined; row = open.pop()) {
      const { depth, process } = row;
      if (placed.has(process.id)) continue;
      placed.add(process.id);
      rows.push(row);
      const below = children.get(process.id) ?? [];
      // The last one in is the first one out.
      for (const child of below.toReversed()) open.push({ depth: depth + 1, process: child });
    }
  };
  for (const process of processes) if (!ids.has(process.parent)) place(process);
  for (const process of processes) place(process);
  return rows;
}
