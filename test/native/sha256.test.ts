// The add-on's SHA-256, compared with OpenSSL's.
import assert from 'node:assert/strict';
import { native } from '#lib/native.js';
import { Random, seed } from '../support/random.js';
import { sha256 } from '../support/sha256.js';

const hex = (bytes: Uint8Array): string => Buffer.from(native().sha256(bytes)).toString('hex');

describe('SHA-256', () => {
  // FIPS 180-4, examples of NIST.
  it('of "abc" is the published one', () => {
    assert.equal(hex(Buffer.from('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  const start = seed();
  it(`equals OpenSSL's for every length up to three blocks, and for longer messages (SEED=${start})`, () => {
    const random = new Random(start);
    const lengths = [...Array(193).keys(), 4096, 65_537];
    for (const length of lengths) {
      const message = Uint8Array.from({ length }, () => random.below(256));
      assert.equal(hex(message), sha256(message), `${length} bytes`);
    }
  });
});
