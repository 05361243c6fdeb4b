// Proves that base64 is taken for exactly what an encoder wrote, and that anything else is told by its place alone.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { decodeBase64 } from '../../src/output/base64.ts';
import { assertHides, assertPlain, assertRefused } from './failures.ts';
import { workOf } from './fakes.ts';

const REF = 'secret/data/ci/keystore#jks';
const decode = (text: string): Buffer => Buffer.from(decodeBase64(text, REF));

for (const [text, bytes] of [
  // RFC 4648, section 10
  ['', ''],
  ['Zg==', 'f'],
  ['Zm8=', 'fo'],
  ['Zm9v', 'foo'],
  ['Zm9vYg==', 'foob'],
  ['Zm9vYmE=', 'fooba'],
  ['Zm9vYmFy', 'foobar'],
  ['+/+/', '\u00fb\u00ff\u00bf'],
  ['-_-_', '\u00fb\u00ff\u00bf'],
  ['-w==', '\u00fb'],
  ['-w', '\u00fb'],
  ['Zg', 'f'],
  ['Zm8', 'fo'],
  [' Zm\r\n9v\tYg\n=\n= \n', 'foob'],
  [' \n', ''],
] as const) {
  test(`${JSON.stringify(text)} is ${JSON.stringify(bytes)}`, () => {
    assert.equal(decode(text).toString('latin1'), bytes);
  });
}

for (const [text, why] of [
  ['Zm9v!', 'character 5 belongs to no base64 alphabet'],
  ['Zm\u00a09v', 'character 3 belongs to no base64 alphabet'],
  ['\ufeffZm9v', 'character 1 belongs to no base64 alphabet'],
  ['Zm9\u0000', 'character 4 belongs to no base64 alphabet'],
  ['Zm\n\n9.', 'character 6 belongs to no base64 alphabet'],
  ['{"a":1}', 'character 1 belongs to no base64 alphabet'],
  ['-----BEGIN A-----\nMII+', 'character 22 is of the other base64 alphabet than those before it'],
  ['+A-A', 'character 3 is of the other base64 alphabet than those before it'],
  ['_A/A', 'character 3 is of the other base64 alphabet than those before it'],
  ['Zg==Zg==', 'character 5 stands behind the padding'],
  ['Zm9v=', 'character 5 is padding out of place'],
  ['Zm8==', 'character 5 is padding out of place'],
  ['Zg===', 'character 5 is padding out of place'],
  ['Z===', 'character 2 is padding out of place'],
  ['=', 'character 1 is padding out of place'],
  ['Z', 'it is cut short behind character 1'],
  ['Zm9vY', 'it is cut short behind character 5'],
  ['Zg=', 'it is cut short behind character 2'],
  ['+w', 'it is cut short behind character 2'],
  ['/m8\n', 'it is cut short behind character 3'],
  ['Zh==', 'character 2 has bits set that encode nothing'],
  ['Zm9=', 'character 3 has bits set that encode nothing'],
  ['Z\nh', 'character 3 has bits set that encode nothing'],
  ['-x==', 'character 2 has bits set that encode nothing'],
] as const) {
  test(`${JSON.stringify(text)} is refused: ${why}`, () => {
    const error = assertRefused(() => decode(text), 'CONFIG', `${REF} is not base64: ${why}`);
    assertPlain(error);
    assert.equal(error.message, `${REF} is not base64: ${why}`);
  });
}

test('an error holds nothing of the text', () => {
  assertHides(
    assertRefused(() => decode('bWFya2Vk*marked'), 'CONFIG', 'character 9'),
    'bWFya2Vk',
    'marked',
    '*',
  );
});

const bytes = fc.uint8Array({ maxLength: 60 });
const encoded = (of: Uint8Array) => Buffer.from(of).toString('base64');
const urlSafe = (of: Uint8Array) => encoded(of).replaceAll('+', '-').replaceAll('/', '_');

test('what any encoder writes is decoded to the same bytes: padded, not padded, in lines', () => {
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 10 }), (given, width) => {
      const wanted = Buffer.from(given);
      for (const text of [encoded(given), urlSafe(given), urlSafe(given).replaceAll('=', '')]) {
        assert.deepEqual(decode(text), wanted);
        assert.deepEqual(decode(text.replace(new RegExp(`.{${width}}`, 'g'), '$&\r\n')), wanted);
      }
    }),
    { numRuns: 5000 },
  );
});

test('a text that is decoded is the one text for its bytes: encoded again, it is the same', () => {
  const text = fc.string({ unit: fc.constantFrom(...'AQgw19+/-_= \n'), maxLength: 10 });
  fc.assert(
    fc.property(text, (given) => {
      let found: Buffer;
      try {
        found = decode(given);
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
        assert.equal(error.code, 'CONFIG');
        return;
      }
      const plain = given.replace(/\s/g, '');
      assert.ok([encoded(found), urlSafe(found), urlSafe(found).replaceAll('=', '')].includes(plain), given);
    }),
    { numRuns: 20_000 },
  );
});

test('a large value is decoded in no time', () => {
  const large = Buffer.alloc(3 * 1024 * 1024, 'x');
  assert.equal(workOf(() => assert.equal(decode(large.toString('base64')).equals(large), true)) < 3000, true);
});
