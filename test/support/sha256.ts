// SHA-256 by Node's crypto, to compare with the add-on's.
import { createHash } from 'node:crypto';
import type { Sha256 } from '#lib/filter/stored/program-file.js';

export const sha256: Sha256 = bytes => createHash('sha256').update(bytes).digest('hex');
