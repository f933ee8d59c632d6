// Decision diagrams over the accumulator, which the generator builds and the assembler lays out. Equal nodes are shared.
import type { Action } from '../../kernel/action.js';

/** Code to run: returns an action, or changes a register and continues. */
export type DiagramNode = {
  /** A number that is unique in the diagram. */
  readonly id: number;
  /** The number of instructions from here to a return if every word is 0. */
  readonly zeroPath: number;
} & (
  | { readonly kind: 'return'; readonly action: Action }
  | { readonly kind: 'load'; readonly word: number; readonly next: DiagramNode }
  | { readonly kind: 'and'; readonly mask: number; readonly next: DiagramNode }
  /** Keeps the accumulator in X, so that a masked word need not be loaded again. */
  | { readonly kind: 'save'; readonly next: DiagramNode }
  | { readonly kind: 'restore'; readonly next: DiagramNode }
  | {
      readonly kind: 'test';
      readonly op: TestOp;
      readonly k: number;
      readonly yes: DiagramNode;
      readonly no: DiagramNode;
    }
);

type TestOp = 'eq' | 'ge' | 'set';

/** Makes each distinct node once, so that common tails are shared. */
export class Diagram {
  readonly #nodes = new Map<string, DiagramNode>();

  return(action: Action): DiagramNode {
    return this.#intern(`r${action}`, 0, (id, zeroPath) => ({ kind: 'return', id, zeroPath, action }));
  }

  load(word: number, next: DiagramNode): DiagramNode {
    return this.#intern(`l${word},${next.id}`, next.zeroPath, (id, zeroPath) => ({
      kind: 'load',
      id,
      zeroPath,
      word,
      next,
    }));
  }

  and(mask: number, next: DiagramNode): DiagramNode {
    return this.#intern(`a${mask},${next.id}`, next.zeroPath, (id, zeroPath) => ({
      kind: 'and',
      id,
      zeroPath,
      mask,
      next,
    }));
  }

  save(next: DiagramNode): DiagramNode {
    return this.#intern(`s${next.id}`, next.zeroPath, (id, zeroPath) => ({
      kind: 'save',
      id,
      zeroPath,
      next,
    }));
  }

  restore(next: DiagramNode): DiagramNode {
    return this.#intern(`x${next.id}`, next.zeroPath, (id, zeroPath) => ({
      kind: 'restore',
      id,
      zeroPath,
      next,
    }));
  }

  test(op: TestOp, k: number, yes: DiagramNode, no: DiagramNode): DiagramNode {
    if (yes === no) return yes;
    const below = op !== 'set' && k === 0 ? yes : no;
    return this.#intern(`${op}${k},${yes.id},${no.id}`, below.zeroPath, (id, zeroPath) => ({
      kind: 'test',
      id,
      zeroPath,
      op,
      k,
      yes,
      no,
    }));
  }

  /** The node with this key. A new node has `below` instructions after it on the path for 0. */
  #intern(key: string, below: number, make: (id: number, zeroPath: number) => DiagramNode): DiagramNode {
    const existing = this.#nodes.get(key);
    if (existing !== undefined) return existing;
    const node = make(this.#nodes.size, below + 1);
    this.#nodes.set(key, node);
    return node;
  }
}
