// Proves what each form of a REF means, what is refused in one, and that whatever is read can be written and read again.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { fieldMeant } from '../../src/vault/foreign-reference.ts';
import {
  type Field,
  formatField,
  formatReference,
  parseReference,
  type Reference,
} from '../../src/vault/reference.ts';
import { assertFailure, assertHides, assertHolds, assertPlain, assertRefused } from './failures.ts';

const whole: Reference = { path: [], mount: undefined, version: undefined, field: undefined };
const key = (name: string): Field => ({ kind: 'key', key: name });
const pointer = (...tokens: string[]): Field => ({ kind: 'pointer', tokens });

const FORMS: readonly (readonly [text: string, meant: Partial<Reference>])[] = [
  ['secret/data/nexus/ci', { path: ['secret', 'data', 'nexus', 'ci'] }],
  ['/secret/nexus/', { path: ['secret', 'nexus'] }],
  ['secret/nexus#password', { path: ['secret', 'nexus'], field: key('password') }],
  ['secret/nexus#', { path: ['secret', 'nexus'], field: key('') }],
  ['secret/nexus#a.b c-d', { path: ['secret', 'nexus'], field: key('a.b c-d') }],
  ['secret/nexus#a/b', { path: ['secret', 'nexus'], field: key('a/b') }],
  ['secret/nexus#a#b', { path: ['secret', 'nexus'], field: key('a#b') }],
  ['secret/nexus#a?version=1', { path: ['secret', 'nexus'], field: key('a?version=1') }],
  ['secret/nexus#user@host', { path: ['secret', 'nexus'], field: key('user@host') }],
  ['secret/nexus#__proto__', { path: ['secret', 'nexus'], field: key('__proto__') }],
  ['secret/nexus#ключ', { path: ['secret', 'nexus'], field: key('ключ') }],
  ['secret/nexus#/', { path: ['secret', 'nexus'], field: pointer('') }],
  ['secret/nexus#/a/0/b', { path: ['secret', 'nexus'], field: pointer('a', '0', 'b') }],
  ['secret/nexus#/a~1b/c~0d', { path: ['secret', 'nexus'], field: pointer('a/b', 'c~d') }],
  ['secret/nexus#/~01', { path: ['secret', 'nexus'], field: pointer('~1') }],
  ['secret/nexus#/a//', { path: ['secret', 'nexus'], field: pointer('a', '', '') }],
  ['secret/nexus?version=3', { path: ['secret', 'nexus'], version: 3 }],
  ['secret/nexus?version=0#f', { path: ['secret', 'nexus'], version: 0, field: key('f') }],
  ['secret/nexus?version=012', { path: ['secret', 'nexus'], version: 12 }],
  ['nexus/ci/password@secret', { path: ['nexus', 'ci'], mount: ['secret'], field: key('password') }],
  ['nexus/password@team/kv', { path: ['nexus'], mount: ['team', 'kv'], field: key('password') }],
  ['v1/pw@secret', { path: ['v1'], mount: ['secret'], field: key('pw') }],
  ['nexus/a@b@secret', { path: ['nexus'], mount: ['secret'], field: key('a@b') }],
  ['us@er/pw@secret', { path: ['us@er'], mount: ['secret'], field: key('pw') }],
  ['secret/us@er#pw', { path: ['secret', 'us@er'], field: key('pw') }],
  ['secret/us@er?version=1#pw', { path: ['secret', 'us@er'], version: 1, field: key('pw') }],
  ['secret/sp ace/%2e%2e/ü/…', { path: ['secret', 'sp ace', '%2e%2e', 'ü', '…'] }],
];
for (const [text, meant] of FORMS) {
  test(`${text} is read as it is meant`, () => {
    assert.deepEqual(parseReference(text), { ...whole, ...meant });
  });
}

const WRONG: readonly (readonly [text: string, part: string])[] = [
  ['', 'it has no path'],
  ['/', 'it has no path'],
  ['#password', 'it has no path'],
  ['?version=1', 'it has no path'],
  ['secret//nexus', 'empty segment'],
  ['secret/nexus//', 'empty segment'],
  ['//secret', 'empty segment'],
  ['secret/./nexus', 'the segment . is not allowed'],
  ['secret', 'it names a mount at most'],
  ['TRIVY_*', 'it names a mount at most'],
  ['ci/v/pw@secret?version=1', "GitLab's form takes no version"],
  [' secret/data/a', 'there is a space at the end of a segment'],
  ['secret/data/a #b', 'there is a space at the end of a segment'],
  ['secret/data/$TEAM/a#b', 'a variable in it was never filled in'],
  [`secret/data/$\{TEAM}/a#b`, 'a variable in it was never filled in'],
  ['hvs.CAESIJzPzV5TgKlnUAbcdefg', 'it holds a token'],
  ['secret/data/a#eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln', 'it holds a token'],
  ['secret/../nexus', 'the segment .. is not allowed'],
  ['..', 'the segment .. is not allowed'],
  ['nexus/pw@..', 'the segment .. is not allowed'],
  ['secret/ne\nxus', 'no control characters'],
  ['secret/\0', 'no control characters'],
  ['secret/\u007f', 'no control characters'],
  ['secret/\ud800', 'must be Unicode text'],
  ['nexus/pw@\udc00', 'must be Unicode text'],
  ['password@secret', 'it has an @ but no field'],
  ['nexus/@secret', 'the field before the @ is empty'],
  ['/pw@secret', 'it has no path'],
  ['nexus/pw@', 'it has no path'],
  ['secret/nexus#/a~2', '~ stands only as ~0'],
  ['secret/nexus#/a~', '~ stands only as ~0'],
  ['secret/nexus?', 'only ?version=N'],
  ['secret/nexus?version=', 'only ?version=N'],
  ['secret/nexus?version=-1', 'only ?version=N'],
  ['secret/nexus?version=1.0', 'only ?version=N'],
  ['secret/nexus?version=latest#f', 'only ?version=N'],
  ['secret/nexus?version=1&list=true', 'only ?version=N'],
  ['secret/nexus?version=99999999999', 'only ?version=N'],
  ['secret/nexus?list=true', 'only ?version=N'],
];
for (const [text, part] of WRONG) {
  test(`${JSON.stringify(text)} is no reference: ${part}`, () => {
    const error = assertRefused(() => parseReference(text), 'USAGE', part);
    assertPlain(error);
    assertHolds(error.hint, part.includes('never filled in') ? 'use double quotes' : 'PATH#FIELD');
  });
}

// What another tool writes, and the REF that it would be; undefined where none can be told.
const FOREIGN: readonly (readonly [text: string, part: string, better: string | undefined])[] = [
  ['SONAR_TOKEN=secret/data/a#b', 'a name stands before it', 'secret/data/a#b'],
  ['TRIVY_*=secret/data/a', 'a name stands before it', 'secret/data/a'],
  ['"secret/data/a#b"', 'it has quotes around it', 'secret/data/a#b'],
  ['vault:secret/data/a#b', 'that is how another tool writes it', 'secret/data/a#b'],
  ['<path:secret/data/a#b>', 'that is how another tool writes it', 'secret/data/a#b'],
  ['v1/secret/data/a#b', 'leave v1/ off', 'secret/data/a#b'],
  ['/v1/secret/data/a', 'leave v1/ off', 'secret/data/a'],
  ['v1/', 'leave v1/ off', undefined],
  ['v1/v1/secret/a', 'leave v1/ off', undefined],
  ['https://vault/v1/secret/data/a#b', 'leave the address off', 'secret/data/a#b'],
  [
    'HTTPS://vault:8200/base/v1/secret/data/a?version=2#b',
    'leave the address off',
    'secret/data/a?version=2#b',
  ],
  ['https://vault/ui/vault/secrets/secret/show/nexus/ci', 'leave the address off', 'secret/nexus/ci'],
  [
    'https://vault/ui/vault/secrets/kv/kv/nexus%2Fci/details?version=1',
    'leave the address off',
    'kv/nexus/ci',
  ],
  ['https://vault/ui/vault/secrets/kv/kv/%E0%A4%A/details', 'leave the address off', undefined],
  ['https://vault/v1/../sys#a', 'leave the address off', undefined],
  ['https://vault/', 'leave the address off', undefined],
  ['https://user:marked-pw@vault/v1/secret/a', 'leave the address off', 'secret/a'],
  ['https://user:marked/v1/marked-pw@vault/v1x', 'leave the address off', undefined],
  ['-mount=secret nexus/x', 'how the Vault CLI is called', 'secret/nexus/x'],
  ['vault kv get -mount=secret -field=pw nexus/x', 'how the Vault CLI is called', 'secret/nexus/x#pw'],
  ['vault kv get -version=2 secret/nexus/x', 'how the Vault CLI is called', 'secret/nexus/x?version=2'],
  ['vault read secret/data/x', 'how the Vault CLI is called', 'secret/data/x'],
  ['secret/data/x password | NAME', 'how vault-action writes it', 'secret/data/x#password'],
  ['secret/data/x password | NAME;', 'how vault-action writes it', 'secret/data/x#password'],
  ['ref+vault://secret/x#/password', 'how vals writes it', 'secret/x#/password'],
  ['ref+vault://secret/x?address=https://v&version=3#/a/b+', 'how vals writes it', 'secret/x?version=3#/a/b'],
  ['secretref+vault://secret/x#/a', 'how vals writes it', 'secret/x#/a'],
];
for (const [text, part, better] of FOREIGN) {
  test(`${text} is no reference, and ${better ?? 'none'} is told`, () => {
    const error = assertRefused(() => parseReference(text), 'USAGE', part);
    assertPlain(error);
    assertHides(error, 'marked');
    if (better === undefined) return assertHolds(error.hint, 'write PATH#FIELD');
    assert.equal(error.hint, `write ${better}`);
    assert.ok(parseReference(better), 'it is no reference');
  });
}

for (const [text, hint] of [
  ['password', 'a field stands behind its path: PATH#password'],
  ['x:password', 'perhaps PATH/x#password'],
  ['x password', 'perhaps PATH/x#password'],
  ['\u202e', 'a field stands behind its path: PATH#FIELD'],
] as const) {
  test(`${JSON.stringify(text)} may be a field: ${hint}`, () => {
    const error = assertRefused(() => parseReference(text), 'USAGE', 'it names a mount at most');
    assertHolds(error.hint, hint);
    assertPlain(error);
  });
}

for (const [path, meant] of [
  ['secret/data/x:password', 'secret/data/x#password'],
  ['secret/data/x password', 'secret/data/x#password'],
  ['secret/data/x', undefined],
  ['secret/data/a:b:c', undefined],
  ['secret/data/a b c', undefined],
  ['secret/da:ta/x', undefined],
  ['x:password', undefined],
] as const) {
  test(`the path ${path} may be meant as ${meant ?? 'it stands'}`, () => {
    assert.equal(fieldMeant(path.split('/')), meant);
  });
}

// References as REF can write them: a key that begins with a slash is a pointer, and one of GitLab's holds none at all.
const segment = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 12 })
  .map((text) => text.replace(/[\u0000-\u001f\u007f/#?@$]/g, 'x').trim())
  .filter((text) => !['', '.', '..', 'v1'].includes(text));
const path = fc.array(segment, { minLength: 1, maxLength: 4 });
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
});
const field = fc.oneof(
  anyText.filter((text) => !text.startsWith('/')).map(key),
  fc.array(anyText, { minLength: 1, maxLength: 4 }).map((tokens) => pointer(...tokens)),
);
const api = fc
  .tuple(
    // A path of one segment is a mount with nothing on it, but for GitLab's form.
    path.filter(({ length }) => length > 1),
    fc.option(fc.nat({ max: 999_999_999 }), { nil: undefined }),
    fc.option(field, { nil: undefined }),
  )
  .map(([path, version, field]) => ({ ...whole, path, version, field }));
const gitlab = fc
  .tuple(
    path,
    path,
    anyText.map((text) => text.replace(/[/#?]/g, '.')).filter((text) => text !== ''),
  )
  .map(([path, mount, name]) => ({ ...whole, path, mount, field: key(name) }));

test('a reference that is written is read back as it was', () => {
  fc.assert(
    fc.property(fc.oneof(api, gitlab), (reference) => {
      assert.deepEqual(parseReference(formatReference(reference)), reference);
    }),
    { numRuns: 1000 },
  );
});

test('any text is a reference or a USAGE error, and never names another secret than it seems to', () => {
  const piece = fc.constantFrom(
    '/',
    '#',
    '?',
    '@',
    '.',
    '..',
    '~',
    '~1',
    'version=',
    '1',
    'a',
    'data',
    '\n',
    '%2F',
    '\ud800',
  );
  const text = fc.oneof(
    anyText,
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (input) => {
      let reference: Reference;
      try {
        reference = parseReference(input);
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
        assertPlain(assertFailure(error, 'USAGE', "is not a secret's reference"));
        return;
      }
      for (const part of [...reference.path, ...(reference.mount ?? [])]) {
        assert.doesNotMatch(part, /^$|^\.\.?$|[/\u0000-\u001f\u007f]/);
        assert.equal(part.isWellFormed(), true);
      }
      assert.deepEqual(parseReference(formatReference(reference)), reference);
    }),
    { numRuns: 2000 },
  );
});

for (const [written, named] of [
  ['', undefined],
  ['#', key('')],
  ['#a b', key('a b')],
  ['#/~01/~1', pointer('~1', '/')],
] as const) {
  test(`a field is written as "${written}"`, () => {
    assert.equal(formatField(named), written);
  });
}
