// Parses violations that this package reports as JSON, one call per line.
import { abiOf } from '../../kernel/abi.js';
import { own } from '../../util/own.js';
import type { SeenCall } from '../build.js';
import { callName } from './call-name.js';

/** The call in a line of `seccomp run --report --json`, or of a violation passed to JSON.stringify. */
export function reportedCall(value: unknown): SeenCall | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const report = value as Readonly<Record<string, unknown>>;
  const [arch, number, args, program, count = 1] = (
    ['arch', 'number', 'args', 'program', 'count'] as const
  ).map(key => own(report, key));
  if (!isCount(arch) || !isCount(number) || !isCount(count) || count === 0) return undefined;
  const abi = abiOf(arch, number)?.name;
  const syscall = abi && callName(abi, number);
  if (abi === undefined || syscall === undefined) return undefined;
  const registers = Array.isArray(args) ? args.slice(0, 6).map(registerOf) : [];
  return {
    abi,
    syscall,
    count,
    // An event for several calls has only the arguments of the first.
    ...(count === 1 && { args: registers }),
    program: typeof program === 'string' ? program : undefined,
  };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function registerOf(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
  return typeof value === 'string' && /^(?:\d{1,20}|0x[\da-f]{1,16})$/.test(value)
    ? BigInt.asUintN(64, BigInt(value))
    : undefined;
}
