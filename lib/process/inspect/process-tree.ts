// Arranges processes as a tree.

/** A process in the tree. */
interface ProcessNode {
  readonly id: number;
  readonly parent: number;
}

/**
 * The processes in tree order, each after its parent, with its depth. A process whose parent is not in the list has depth 0.
 * Because the list is not a snapshot and ids are reused, parents may form a cycle, which is cut at one of them.
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
      // The last one pushed is visited first.
      for (const child of below.toReversed()) open.push({ depth: depth + 1, process: child });
    }
  };
  for (const process of processes) if (!ids.has(process.parent)) place(process);
  for (const process of processes) place(process);
  return rows;
}
