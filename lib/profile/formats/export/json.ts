// Formats a document as JSON for container runtimes.
import { objectText } from '../../object-text.js';
import type { SeccompDocument } from './document.js';
import { owned } from '../../../util/own.js';

/**
 * OCI's `linux.seccomp`, or Docker's profile, which lists the 32-bit ABIs in `archMap` instead. Numbers of 64 bits are
 * written exactly. Sources: runtime-spec, config-linux.md; moby's profiles/seccomp.
 */
export function documentText(document: SeccompDocument, format: 'docker' | 'oci'): string {
  const { defaultAction, defaultErrnoRet, architectures, flags, syscalls, ...listener } = owned(document);
  const [architecture, ...subArchitectures] = architectures;
  return `${objectText({
    defaultAction,
    ...(defaultErrnoRet !== undefined && { defaultErrnoRet }),
    ...(format === 'oci' ? { architectures } : { archMap: [{ architecture, subArchitectures }] }),
    ...(flags.length > 0 && { flags }),
    ...listener,
    syscalls,
  })}\n`;
}
