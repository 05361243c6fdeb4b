// Proves what counts as an answer of Vault's, and that a page of anyone else's does not.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import type { HttpResponse } from '../../src/http/request.ts';
import { compactJson } from '../../src/json.ts';
import { Secret } from '../../src/secret.ts';
import { readAnswer } from '../../src/vault/answer.ts';
import { assertFailure, assertHides, assertPlain, assertRefused } from './failures.ts';
import { jwt, response, workOf } from './fakes.ts';

for (const [status, body, json, errors] of [
  [200, '{"data":{"n":1.10}}', '{"data":{"n":1.10}}', []],
  [200, ' {} \n', '{}', []],
  [204, '', '{}', []],
  [404, '{"errors":[]}', '{"errors":[]}', []],
  [400, '{"errors":["a","b"]}', '{"errors":["a","b"]}', ['a', 'b']],
  [400, '{"errors":["a",1,null,["b"]]}', '{"errors":["a",1,null,["b"]]}', ['a']],
  [404, '{"warnings":["w"]}', '{"warnings":["w"]}', ['w']],
  [400, '{"errors":"a"}', '{"errors":"a"}', []],
  [500, '<html>down</html>', '{}', []],
  [503, '', '{}', []],
  [502, 'null', '{}', []],
  [412, 'behind', '{}', []],
  [429, 'slow down', '{}', []],
] as const) {
  test(`${status} with ${JSON.stringify(body)} is an answer`, () => {
    const read = readAnswer(response(status, body));
    assert.deepEqual([read.status, compactJson(read.json), read.errors], [status, json, errors]);
  });
}

for (const [status, body, type, shown] of [
  [200, '<html>sign in</html>', 'text/html; charset=utf-8', 'text/html'],
  [200, 'null', 'application/json', 'application/json'],
  [200, '[]', undefined, 'of no known type'],
  [200, '"text"', '', 'of no known type'],
  [200, '{"data":', 'application/vnd.api+json ;x', 'application/vnd.api+json'],
  [200, '{} {}', 'text/html\u001b[31m', 'of no known type'],
  [200, '\ufeff{}', 'hvs.CAESI', 'of no known type'],
  [403, '["denied"]', 'text/plain', 'text/plain'],
  [404, '<html>no such page</html>', 'text/html', 'text/html'],
  [400, '{"errors":["cut', undefined, 'of no known type'],
  [499, 'marked', 'text/ html', 'of no known type'],
  [201, 'ok', `text/${'x'.repeat(1000)}`, 'of no known type'],
  [299, 'ok', 'TEXT/PLAIN', 'TEXT/PLAIN'],
  [400, '<html>bad request</html>', 'text/html', 'text/html'],
  [403, '["denied"]', 'application/json', 'application/json'],
  [404, '{"errors":["cut', undefined, 'of no known type'],
] as const) {
  test(`${status} with ${JSON.stringify(body)} of ${JSON.stringify(type)} is not from Vault`, () => {
    const error = assertRefused(
      () => readAnswer(response(status, body, type === undefined ? {} : { 'content-type': type })),
      'BAD_RESPONSE',
      `the answer (${status}, ${shown}) is not the JSON that Vault sends`,
    );
    assert.match(error.hint ?? '', /sign-in page/);
    assertPlain(error);
  });
}

for (const [date, read] of [
  ['Fri, 02 Jan 2026 03:04:05 GMT', Date.UTC(2026, 0, 2, 3, 4, 5)],
  ['yesterday', undefined],
  [undefined, undefined],
] as const) {
  test(`the clock of an answer with Date: ${date} is ${read}`, () => {
    assert.equal(readAnswer(response(200, {}, date === undefined ? {} : { date })).date, read);
  });
}

test('an answer that is not UTF-8 is not from Vault', () => {
  const bytes: HttpResponse = {
    status: 200,
    headers: {},
    body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  };
  assertRefused(() => readAnswer(bytes), 'BAD_RESPONSE', 'of no known type');
});

for (const status of [0, 100, 199, 300, 301, 304, 399, 600, 999]) {
  test(`the status ${status} is none of Vault's`, () => {
    assertRefused(() => readAnswer(response(status, '{}')), 'BAD_RESPONSE', `the status ${status} is none`);
  });
}

test('any bytes are an answer or a BAD_RESPONSE that shows none of them', () => {
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc.string().map((text) => Buffer.from(`{"data":{"password":"marked"},${text}`)),
  );
  fc.assert(
    fc.property(body, fc.constantFrom(200, 204, 400, 404, 503), (bytes, status) => {
      try {
        assert.equal(readAnswer({ status, headers: {}, body: bytes }).status, status);
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
        const refused = assertFailure(error, 'BAD_RESPONSE', `the answer (${status}`);
        assertHides(refused, 'marked');
        assert.equal(refused.cause, undefined);
      }
    }),
  );
});

const TOKEN = 'hvs.CAESI-marked_token.part-two';
const JWT = jwt();
for (const [what, sent, text, shown] of [
  ['a Vault token', TOKEN, `got ${TOKEN}, twice: ${TOKEN}`, 'got [token], twice: [token]'],
  ['a token without a form', 'root', 'the token root is bad', 'the token [token] is bad'],
  ['an ID token', JWT, `jwt "${JWT}"`, 'jwt "[token]"'],
  ['the claims of an ID token', JWT, `claims ${JWT.split('.')[1]}`, 'claims [token]'],
  ['the signature of an ID token', JWT, `signed ${JWT.split('.')[2]}`, 'signed [token]'],
  ['the beginning of an ID token', JWT, `got ${JWT.slice(0, 50)}…`, 'got [token]…'],
  ['the beginning of a Vault token', TOKEN, `got ${TOKEN.slice(0, 12)}…`, 'got [token]…'],
  ['no token', TOKEN, 'permission denied', 'permission denied'],
] as const) {
  test(`an error that repeats ${what} is read without it`, () => {
    assert.deepEqual(readAnswer(response(400, { errors: [text] }), [new Secret(sent)]).errors, [shown]);
    assert.deepEqual(readAnswer(response(404, { warnings: [text] }), [new Secret(sent)]).errors, [shown]);
  });
}

test('an answer of 8 MiB is read within seconds', () => {
  const list = Array.from({ length: 98_000 }, (_, index) => `${'\n'.repeat(40)}${index}`);
  const answered = response(200, { data: { list } });
  assert.equal(answered.body.length > 8_000_000, true, `it is ${answered.body.length} bytes long`);
  const work = workOf(() => assert.equal(readAnswer(answered).status, 200));
  assert.equal(work < 4000, true, `it took ${work} ms`);
});
