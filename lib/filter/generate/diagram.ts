// Decision diagrams over the accumulator: what the generator builds and the assembler lays out. Equal nodes are one node.
import type { Action } from '../../kernel/action.js';

/** Code to run: answers, or does one thing to the registers and goes on. */
export type Node =
  | { readonly kind: 'return'; readonly action: Action }
  | { readonly kind: 'load'; readonly word: number; readonly next: Node }
  | { readonly kind: 'and'; readonly mask: number; readonly next: Node }
  /** Keeps the accumulator in X, so that a masked word need not be loaded again. */
  | { readonly kind: 'save'; readonly next: Node }
  | { readonly kind: 'restore'; readonly next: Node }
  | { readonly kind: 'test'; readonly op: TestOp; readonly k: number; readonly yes: Node; readonly no: Node };

export type TestOp = 'eq' | 'ge' | 'set';

/** Makes nodes, each distinct one once, so that common tails are shared. */
export class Diagram {
  readonly #nodes = new Map<string, Node>();
  readonly #ids = new Map<Node, number>();
  readonly #zeroPaths = new Map<Node, number>();

  return(action: Action): Node {
    return this.#intern(`r${action}`, () => ({ kind: 'return', action }));
  }

  load(word: number, next: Node): Node {
    return this.#intern(`l${word},${this.id(next)}`, () => ({ kind: 'load', word, next }));
  }

  and(mask: number, next: Node): Node {
    return this.#intern(`a${mask},${this.id(next)}`, () => ({ kind: 'and', mask, next }));
  }

  save(next: Node): Node {
    return this.#intern(`s${this.id(next)}`, () => ({ kind: 'save', next }));
  }

  restore(next: Node): Node {
    return this.#intern(`x${this.id(next)}`, () => ({ kind: 'restore', next }));
  }

  test(op: TestOp, k: number, yes: Node, no: Node): Node {
    if (yes === no) return yes;
    return this.#intern(`${op}${k},${this.id(yes)},${this.id(no)}`, () => ({ kind: 'test', op, k, yes, no }));
  }

  /** A number that only this node has. */
  id(node: Node): number {
    return this.#ids.get(node) ?? -1;
  }

  /** Instructions on the path from a node that is taken when every word is 0. */
  zeroPath(node: Node): number {
    return this.#zeroPaths.get(node) ?? 0;
  }

  #below(node: Node): number {
    if (node.kind === 'return') return 0;
    if (node.kind !== 'test') return this.zeroPath(node.next);
    return this.zeroPath(node.op !== 'set' && node.k === 0 ? node.yes : node.no);
  }

  #intern(key: string, make: () => Node): Node {
    const existing = this.#nodes.get(key);
    if (existing !== undefined) return existing;
    const node = make();
    this.#nodes.set(key, node);
    this.#ids.set(node, this.#ids.size);
    this.#zeroPaths.set(node, 1 + this.#below(node));
    return node;
  }
}
