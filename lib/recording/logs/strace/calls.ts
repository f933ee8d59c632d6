// Converts lines of strace to calls. The meaning of a line depends on earlier lines of its process.
import { abisOf, type AbiName, type Architecture } from '../../../kernel/architectures.js';
import type { SeenCall } from '../../build.js';
import { recordedParameters } from '../../recorded-arguments.js';
import { tracedName } from '../call-name.js';
import { isEnosys, type LogCalls } from '../log-calls.js';
import { ProcessMap } from '../process-map.js';
import type { StraceLine } from './line.js';
import { StraceTable } from './table.js';
import { StraceValues } from './values.js';

/** A line with a complete call. */
type StraceEntry = Exclude<StraceLine, { kind: 'cut' }>;
type StraceCall = Extract<StraceLine, { kind: 'call' }>;

/** Adds the calls of strace's lines to a log, with the ABI and the program of each process. */
export class StraceCalls {
  readonly #native: Architecture;
  readonly #calls: LogCalls;
  readonly #values = new StraceValues();
  readonly #modes = new ProcessMap<AbiName>();
  readonly #programs = new ProcessMap<string>();
  readonly #unfinished = new ProcessMap<{ readonly call: SeenCall; readonly line: StraceCall }>();
  /** Possible headings of a table, and the last table that started. */
  #heading: string | undefined;
  #table: StraceTable | undefined;

  constructor(native: Architecture, calls: LogCalls) {
    this.#native = native;
    this.#calls = calls;
  }

  /** Parses a line, and returns whether it was understood. */
  read(line: StraceEntry): boolean {
    switch (line.kind) {
      case 'other':
        return true;
      case 'mode':
        this.#modes.set(line.pid, abiOfMode(this.#native, line.mode));
        if (line.isUnnamed) this.#modes.set(0, abiOfMode(this.#native, line.mode));
        return true;
      case 'count': {
        const abi = this.#abiOf(0);
        const syscall = tracedName(abi, line.name);
        return syscall !== undefined && this.#calls.addRow('strace -c', { abi, syscall, count: line.calls });
      }
      case 'call': {
        const call = this.#callOf(line);
        if (call === undefined) return false;
        const isUnavailable = line.result !== undefined && isEnosys(line.result);
        if (!this.#calls.add('strace', { ...call, ...(isUnavailable && { unavailable: 1 }) })) return false;
        if (line.result === undefined) this.#unfinished.set(line.pid, { call, line });
        else this.#followProcess(line, line.result);
        return true;
      }
      case 'resumed': {
        const begun = this.#unfinished.take(line.pid);
        if (begun !== undefined && (line.name === undefined || line.name === begun.line.name)) {
          const { result } = line;
          if (result !== undefined && isEnosys(result))
            this.#calls.add('strace', { ...begun.call, count: 0, unavailable: 1 });
          if (result !== undefined) this.#followProcess(begun.line, result);
          return true;
        }
        // The call started before strace was attached.
        const abi = this.#abiOf(line.pid);
        const syscall = line.name === undefined ? undefined : tracedName(abi, line.name);
        return (
          line.name === undefined ||
          (syscall !== undefined &&
            this.#calls.add('strace', { abi, syscall, program: this.#programs.get(line.pid) }))
        );
      }
    }
  }

  /** Whether a line belongs to a table with headings. */
  readTable(line: string): boolean {
    if (StraceTable.isHeading(line)) {
      this.#heading = line;
      return true;
    }
    if (this.#heading !== undefined) {
      this.#table = StraceTable.beginning(this.#heading, line);
      this.#heading = undefined;
      return this.#table !== undefined;
    }
    if (this.#table === undefined) return false;
    if (StraceTable.isRule(line)) return true;
    const row = this.#table.row(line);
    if (row === undefined) this.#table = undefined;
    return row !== undefined && (row.name === 'total' || this.read({ kind: 'count', ...row }));
  }

  /** Starts another file, in which lines without a process belong to another process. */
  nextFile(): void {
    this.#modes.delete(0);
    this.#programs.delete(0);
    this.#unfinished.delete(0);
  }

  #abiOf(pid: number): AbiName {
    return this.#modes.get(pid) ?? this.#native;
  }

  #callOf({ pid, name, args }: StraceCall): SeenCall | undefined {
    const abi = this.#abiOf(pid);
    const syscall = tracedName(abi, name);
    if (syscall === undefined) return undefined;
    const registers: (bigint | undefined)[] = [];
    for (const parameter of recordedParameters(abi, syscall)) {
      // strace writes the arguments of clone with their names, in the order of the C library.
      const text =
        syscall === 'clone'
          ? (args.find(arg => arg.startsWith('flags='))?.slice('flags='.length) ??
            (args.some(arg => arg.includes('=')) ? undefined : args[0]))
          : args[parameter.index];
      if (text !== undefined) registers[parameter.index] = this.#values.read(text, parameter, abi);
    }
    return { abi, syscall, args: registers, program: this.#programs.get(pid) };
  }

  /** Updates the program of a process: the new file after execve, and the parent's program for a child. */
  #followProcess({ pid, name, args }: StraceCall, result: string): void {
    if (name === 'execve' && /^0(?: |$)/.test(result)) {
      const path = /^"([^"\\]*)"$/.exec(args[0] ?? '')?.[1];
      if (path === undefined) this.#programs.delete(pid);
      else this.#programs.set(pid, path);
    }
    const child = /^(?:clone3?|v?fork)$/.test(name) ? /^(\d{1,10})(?:<| |$)/.exec(result)?.[1] : undefined;
    if (child === undefined) return;
    const program = this.#programs.get(pid);
    if (program !== undefined) this.#programs.set(Number(child), program);
    const mode = this.#modes.get(pid);
    if (mode !== undefined) this.#modes.set(Number(child), mode);
  }
}

/** The ABI of a process, from strace's notice about its mode. */
const abiOfMode = (native: Architecture, mode: '64' | '32' | 'x32'): AbiName =>
  (mode === '64'
    ? undefined
    : abisOf(native).find(abi => abi !== native && (abi === 'x32') === (mode === 'x32'))) ?? native;
