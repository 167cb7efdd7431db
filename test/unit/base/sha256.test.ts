import { afterEach, describe, expect, it } from 'vitest';
import { hmacSha256, offerHashes, sha256 } from '../../../src/base/sha256.ts';

afterEach(() => offerHashes(() => undefined));

describe('sha256', () => {
  it('hashes its parts one after the other', () => {
    // FIPS 180-2, appendix B.1.
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(sha256('abc')).toBe(abc);
    expect(sha256('a', Buffer.from('bc'))).toBe(abc);
    expect(sha256()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('is what was offered', () => {
    offerHashes(() => ({ sha256: (...parts) => `own of ${parts}`, hmacSha256: () => 'own' }));
    expect(sha256('a', 'b')).toBe('own of a,b');
    expect(hmacSha256(Buffer.from('k'), 'd')).toBe('own');
  });
});

it('hmacSha256 is that of RFC 4231, test case 2', () => {
  expect(hmacSha256(Buffer.from('Jefe'), 'what do ya want for nothing?')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});
