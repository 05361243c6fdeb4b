// Proves what is told of a server's answer that is no file, and that none of them is tried again.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertFailure, assertPlain, assertRejected } from './failures.ts';
import { content, cut, part, play, rest, STRONG, WHOLE } from './transfers.ts';

describe('an answer that is no file', () => {
  for (const [what, step, code, part] of [
    [
      '206 that nobody asked for',
      rest(8),
      'BAD_RESPONSE',
      'a part of "file" came (206), and the whole of it',
    ],
    ['206 of all of it', rest(0), 'BAD_RESPONSE', 'a part of "file" came (206)'],
    ['204', { status: 204 }, 'BAD_RESPONSE', 'the answer for "file" (204, of no known type) is no file'],
    ['304', { status: 304 }, 'BAD_RESPONSE', '(304, of no known type)'],
    ['416 at once', { status: 416 }, 'BAD_RESPONSE', '(416,'],
    ['404', { status: 404 }, 'ASSET_NOT_FOUND', 'there is no such file where the link leads (404)'],
    ['410', { status: 410 }, 'ASSET_NOT_FOUND', '(410)'],
    ['403', { status: 403 }, 'PERMISSION_DENIED', 'the file of "file" is refused (403)'],
    [
      '403 of the storage',
      { status: 403, body: Buffer.from('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>') },
      'PERMISSION_DENIED',
      'the storage of "file" refuses the address that leads to it (403): AccessDenied',
    ],
    [
      'a page',
      { headers: { 'content-type': 'text/html; charset=utf-8' } },
      'PERMISSION_DENIED',
      'a web page came in the place of "file", whose link leads to gitlab.example.com',
    ],
    [
      'compressed bytes',
      { headers: { 'content-encoding': 'gzip' } },
      'BAD_RESPONSE',
      'comes encoded (content-encoding), which nobody asked for',
    ],
    [
      'more than it says',
      { headers: { 'content-length': '10' }, body: WHOLE },
      'BAD_RESPONSE',
      '"file" is longer than its server says: 20 bytes in the place of 10',
    ],
  ] as const) {
    test(`${what} is told as that, and not tried again`, async () => {
      const { outcome, asked } = await play([step]);
      const error = await outcome.then(
        () => assert.fail('it did not fail'),
        (thrown: unknown) => assertFailure(thrown, code, part),
      );
      assertPlain(error);
      assert.equal(asked.length, 1);
    });
  }

  for (const status of [412, 429, 500, 503]) {
    test(`${status} to the last try is told, and never taken for a file`, async () => {
      const { outcome, asked } = await play(Array(3).fill({ status }), { retries: 2 });
      await assertRejected(outcome, status === 412 ? 'BAD_RESPONSE' : 'UNAVAILABLE', `${status}`);
      assert.deepEqual([asked.length, part.size()], [3, 0]);
    });
  }

  test('a part of what it says is a cut', async () => {
    const short = { headers: { 'content-length': '20', etag: STRONG }, body: WHOLE.subarray(0, 8) };
    const { outcome, asked } = await play([short, rest(8)]);
    await outcome;
    assert.deepEqual([asked[1], content()], [['bytes=8-', STRONG], WHOLE]);
  });

  test('what a digest judges is taken as it comes', async () => {
    const { outcome } = await play([{ headers: { 'content-encoding': 'gzip' }, body: WHOLE }], {
      isJudged: true,
    });
    await outcome;
    assert.deepEqual(content(), WHOLE);
  });

  test('X-Checksum-SHA256 is what the last whole answer says, in lower case, and no other text', async () => {
    const digest = 'AB'.repeat(32);
    for (const [header, wanted] of [
      [digest, digest.toLowerCase()],
      [`${digest}0`, undefined],
      ['', undefined],
    ] as const) {
      part.restart();
      const { outcome } = await play([{ headers: { 'x-checksum-sha256': header }, body: WHOLE }]);
      assert.equal((await outcome).sha256, wanted);
    }
    part.restart();
    const { outcome } = await play([cut({ etag: STRONG, 'x-checksum-sha256': digest }), rest(8)]);
    assert.equal(
      (await outcome).sha256,
      digest.toLowerCase(),
      'it is of the whole file, whatever part of it comes',
    );
  });
});
