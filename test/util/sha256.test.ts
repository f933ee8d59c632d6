// The digest for browsers, compared with Node's.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { sha256Base64, sha256Hex } from '#lib/util/host/sha256.js';

describe('SHA-256', () => {
  it("equals Node's for every length around blocks, and for text that is not ASCII", () => {
    const texts = [...Array(200).keys()].map(length => 'x'.repeat(length)).concat('ä€😀'.repeat(100));
    for (const text of texts) {
      const hash = createHash('sha256').update(text);
      assert.equal(sha256Hex(text), hash.copy().digest('hex'));
      assert.equal(sha256Base64(text), hash.digest('base64'));
    }
  });
});
