// Lays out a decision diagram as a program, from the end to the start because classic BPF only jumps forward.
import type { Instruction, Program } from '../../bpf/program.js';
import { BPF } from '../../bpf/opcodes.js';
import type { DiagramNode } from './diagram.js';

/** The maximum distance of a conditional jump. */
const REACH = 255;

const TESTS = { eq: BPF.JEQ_K, ge: BPF.JGE_K, set: BPF.JSET_K } as const;

/** The program that starts at `root`. It may exceed the kernel's limit. */
export function assemble(root: DiagramNode): Program {
  return new Assembler().assemble(root);
}

class Assembler {
  /** The instructions in reverse order. */
  readonly #reversed: Instruction[] = [];
  /** Where the nearest code of a node starts, counted from the end: 1 is the last instruction. */
  readonly #places = new Map<DiagramNode, number>();

  assemble(root: DiagramNode): Program {
    this.#emit(root);
    return this.#reversed.reverse();
  }

  #emit(node: DiagramNode): void {
    if (this.#places.has(node)) return;
    switch (node.kind) {
      case 'return':
        break;
      case 'test':
        this.#emit(node.no);
        this.#emit(node.yes);
        this.#bring(node.yes, node.no);
        break;
      default:
        this.#emit(node.next);
        if (this.#distance(node.next) > 0) this.#relay(node.next);
    }
    this.#push(node, this.#instruction(node));
  }

  #instruction(node: DiagramNode): Instruction {
    switch (node.kind) {
      case 'return':
        return { code: BPF.RET_K, jt: 0, jf: 0, k: node.action };
      case 'load':
        return { code: BPF.LD_ABS, jt: 0, jf: 0, k: 4 * node.word };
      case 'and':
        return { code: BPF.AND_K, jt: 0, jf: 0, k: node.mask };
      case 'save':
        return { code: BPF.TAX, jt: 0, jf: 0, k: 0 };
      case 'restore':
        return { code: BPF.TXA, jt: 0, jf: 0, k: 0 };
      case 'test':
        return { code: TESTS[node.op], jt: this.#distance(node.yes), jf: this.#distance(node.no), k: node.k };
    }
  }

  /** Makes both targets of a test reachable. */
  #bring(first: DiagramNode, second: DiagramNode): void {
    for (;;) {
      const far = [first, second].find(target => this.#distance(target) > REACH);
      if (far === undefined) return;
      this.#relay(far);
    }
  }

  /** Places a relay to a node here: a copy of a return, or a jump. */
  #relay(target: DiagramNode): void {
    this.#push(
      target,
      target.kind === 'return'
        ? this.#instruction(target)
        : { code: BPF.JA, jt: 0, jf: 0, k: this.#distance(target) },
    );
  }

  /** The number of instructions between the next one to be placed and a node. */
  #distance(node: DiagramNode): number {
    return this.#reversed.length - (this.#places.get(node) ?? 0);
  }

  #push(node: DiagramNode, instruction: Instruction): void {
    this.#reversed.push(instruction);
    this.#places.set(node, this.#reversed.length);
  }
}
