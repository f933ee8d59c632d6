// Converts lines of `perf trace` to calls. The result of a call may be on a later line than its start.
import type { AbiName } from '../../../kernel/architectures.js';
import { parametersOf } from '../../../kernel/arguments/signatures.js';
import type { SeenCall } from '../../build.js';
import { recordedParameters } from '../../recorded-arguments.js';
import { tracedName } from '../call-name.js';
import { isEnosys, type LogCalls } from '../log-calls.js';
import type { PerfLine } from './line.js';
import { PerfValues } from './values.js';
import { ProcessMap } from '../process-map.js';

/** Adds the calls of the lines of `perf trace` to a log. */
export class PerfCalls {
  readonly #native: AbiName;
  readonly #calls: LogCalls;
  readonly #values = new PerfValues();
  /** Unfinished calls by thread. */
  readonly #begun = new ProcessMap<SeenCall>();
  /** The threads to which the following rows of a summary belong. */
  #thread: string | undefined;

  constructor(native: AbiName, calls: LogCalls) {
    this.#native = native;
    this.#calls = calls;
  }

  /** Parses a line, and returns whether it was understood. */
  read(line: PerfLine): boolean {
    const abi = this.#native;
    switch (line.kind) {
      case 'other':
        return true;
      case 'lost':
        this.#calls.addLost(line.events);
        return true;
      case 'thread':
        this.#thread = line.comm;
        return true;
      case 'count': {
        const syscall = tracedName(abi, line.name);
        return (
          syscall !== undefined &&
          this.#calls.addRow('perf trace -s', { abi, syscall, count: line.calls, program: this.#thread })
        );
      }
      case 'call': {
        const syscall = tracedName(abi, line.name);
        if (syscall === undefined) return false;
        const isUnavailable = line.result !== undefined && isEnosys(line.result);
        const call = {
          abi,
          syscall,
          program: line.comm,
          ...(line.args !== undefined && { args: this.#arguments(abi, syscall, line.args) }),
        };
        if (line.result === undefined) this.#begun.set(line.pid, call);
        return this.#calls.add('perf trace', { ...call, ...(isUnavailable && { unavailable: 1 }) });
      }
      case 'continued': {
        const syscall = tracedName(abi, line.name);
        if (syscall === undefined) return false;
        const begun = this.#begun.take(line.pid);
        const unavailable = isEnosys(line.result) ? 1 : 0;
        if (begun?.syscall === syscall)
          return unavailable === 0 || this.#calls.add('perf trace', { ...begun, count: 0, unavailable });
        // The return of a new process from the call that created it is not a separate call.
        const isChild = /^(?:clone3?|v?fork)$/.test(syscall) && /^0?$/.test(line.result);
        return isChild || this.#calls.add('perf trace', { abi, syscall, program: line.comm, unavailable });
      }
    }
  }

  /** The registers of a call. perf omits arguments that are 0, unless trace.show_zeros is set: perf-config(1). */
  #arguments(
    abi: AbiName,
    syscall: string,
    args: ReadonlyMap<string, string>,
  ): readonly (bigint | undefined)[] {
    const parameters = parametersOf(abi, syscall) ?? [];
    const isWhole = [...args.keys()].every(name =>
      parameters.some(parameter => parameter.kernelName === name),
    );
    const registers: (bigint | undefined)[] = [];
    for (const parameter of recordedParameters(abi, syscall)) {
      const text = args.get(parameter.kernelName);
      registers[parameter.index] =
        text !== undefined ? this.#values.read(text, parameter, abi) : isWhole ? 0n : undefined;
    }
    return registers;
  }
}
