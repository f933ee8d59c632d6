// Decision diagrams over the accumulator, which the generator builds and the assembler lays out. Equal nodes are shared.
import type { Action } from '../../kernel/action.js';

/** Code to run: returns an action, or changes a register and continues. */
export type DiagramNode =
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
    };

type TestOp = 'eq' | 'ge' | 'set';

/** Makes nodes, each distinct one once, so that common tails are shared. */
export class Diagram {
  readonly #nodes = new Map<string, DiagramNode>();
  readonly #ids = new Map<DiagramNode, number>();
  readonly #zeroPaths = new Map<DiagramNode, number>();

  return(action: Action): DiagramNode {
    return this.#intern(`r${action}`, () => ({ kind: 'return', action }));
  }

  load(word: number, next: DiagramNode): DiagramNode {
    return this.#intern(`l${word},${this.id(next)}`, () => ({ kind: 'load', word, next }));
  }

  and(mask: number, next: DiagramNode): DiagramNode {
    return this.#intern(`a${mask},${this.id(next)}`, () => ({ kind: 'and', mask, next }));
  }

  save(next: DiagramNode): DiagramNode {
    return this.#intern(`s${this.id(next)}`, () => ({ kind: 'save', next }));
  }

  restore(next: DiagramNode): DiagramNode {
    return this.#intern(`x${this.id(next)}`, () => ({ kind: 'restore', next }));
  }

  test(op: TestOp, k: number, yes: DiagramNode, no: DiagramNode): DiagramNode {
    if (yes === no) return yes;
    return this.#intern(`${op}${k},${this.id(yes)},${this.id(no)}`, () => ({ kind: 'test', op, k, yes, no }));
  }

  /** A number that only this node has. */
  id(node: DiagramNode): number {
    return this.#ids.get(node) ?? -1;
  }

  /** Instructions on the path from a node that is taken when every word is 0. */
  zeroPath(node: DiagramNode): number {
    return this.#zeroPaths.get(node) ?? 0;
  }

  #below(node: DiagramNode): number {
    if (node.kind === 'return') return 0;
    if (node.kind !== 'test') return this.zeroPath(node.next);
    return this.zeroPath(node.op !== 'set' && node.k === 0 ? node.yes : node.no);
  }

  #intern(key: string, make: () => DiagramNode): DiagramNode {
    const existing = this.#nodes.get(key);
    if (existing !== undefined) return existing;
    const node = make();
    this.#nodes.set(key, node);
    this.#ids.set(node, this.#ids.size);
    this.#zeroPaths.set(node, 1 + this.#below(node));
    return node;
  }
}
