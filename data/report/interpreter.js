// Runs a classic BPF program on one system call inside of a report; plain functions without a document.
/* exported runProgram, callWords */
'use strict';

/** The sixteen words of `struct seccomp_data`, from numbers and a list of up to six registers. */
function callWords(arch, number, args) {
  const words = new Uint32Array(16);
  words[0] = number;
  words[1] = arch;
  args.forEach((value, index) => {
    words[4 + 2 * index] = Number(BigInt.asUintN(32, value));
    words[5 + 2 * index] = Number(BigInt.asUintN(32, value >> 32n));
  });
  return words;
}

/**
 * Runs a program, a list of [code, jt, jf, k], that the kernel would take. Returns the answer and the instructions that
 * ran, each with what the accumulator holds after it and, for a test, whether it held.
 */
function runProgram(program, words) {
  const memory = new Uint32Array(16);
  const path = [];
  let [a, x] = [0, 0];
  for (let index = 0; index < program.length; index++) {
    const [code, jt, jf, k] = program[index];
    const operand = (code & 0x08) === 0 ? k : x;
    const step = { index, a };
    path.push(step);
    switch (code & 0x07) {
      case 0x00: // BPF_LD
        a = loaded(code, k, words, memory);
        break;
      case 0x01: // BPF_LDX
        x = loaded(code, k, words, memory);
        break;
      case 0x02: // BPF_ST
        memory[k] = a;
        break;
      case 0x03: // BPF_STX
        memory[k] = x;
        break;
      case 0x04: // BPF_ALU
        if ((code & 0xf0) === 0x30 && operand === 0) return { action: 0, path };
        a = computed(code, a, operand);
        break;
      case 0x05: // BPF_JMP
        if ((code & 0xf0) === 0) index += k;
        else {
          step.held = holds(code, a, operand);
          index += step.held ? jt : jf;
        }
        break;
      case 0x06: // BPF_RET
        return { action: code === 0x16 ? a : k, path };
      default: // BPF_MISC
        if (code === 0x87) a = x;
        else x = a;
    }
    step.a = a;
  }
  throw new Error('the program runs past its end');
}

/** What a load gives, by its mode: the length of the data, scratch memory, a constant, or a word of the call. */
function loaded(code, k, words, memory) {
  switch (code & 0xe0) {
    case 0x80:
      return 64;
    case 0x60:
      return memory[k];
    case 0x20:
      return words[k >>> 2];
    default:
      return k;
  }
}

function computed(code, a, operand) {
  switch (code & 0xf0) {
    case 0x00:
      return (a + operand) >>> 0;
    case 0x10:
      return (a - operand) >>> 0;
    case 0x20:
      return Math.imul(a, operand) >>> 0;
    case 0x30:
      return Math.floor(a / operand);
    case 0x40:
      return (a | operand) >>> 0;
    case 0x50:
      return (a & operand) >>> 0;
    case 0x60:
      return (a << (operand & 31)) >>> 0;
    case 0x70:
      return a >>> (operand & 31);
    case 0xa0:
      return (a ^ operand) >>> 0;
    default:
      return -a >>> 0;
  }
}

function holds(code, a, operand) {
  switch (code & 0xf0) {
    case 0x10:
      return a === operand;
    case 0x20:
      return a > operand;
    case 0x30:
      return a >= operand;
    default:
      return (a & operand) !== 0;
  }
}
