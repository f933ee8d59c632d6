// Which C library this process uses, as evidence in recordings.
import { own } from '../../util/own.js';

/** The C library of this process, e.g. `glibc 2.36` or `musl`; empty where Node does not tell. */
export function runningLibc(): string {
  // Not in the types of the oldest Node that is supported.
  const report: typeof process.report & { excludeNetwork?: boolean } = process.report;
  const excludeNetwork = own(report, 'excludeNetwork') ?? false;
  // Addresses of interfaces are looked up by name otherwise.
  report.excludeNetwork = true;
  try {
    const { header, sharedObjects } = report.getReport() as unknown as {
      readonly header: { readonly glibcVersionRuntime?: string };
      readonly sharedObjects: readonly string[];
    };
    const version = own(header, 'glibcVersionRuntime');
    if (version !== undefined) return `glibc ${version}`;
    return sharedObjects.some(path => path.includes('ld-musl-')) ? 'musl' : '';
  } finally {
    report.excludeNetwork = excludeNetwork;
  }
}
