// Proves that the address and the other settings are settled each by itself, and that a variable which does not reach the
// job is told with the likely reason.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { originOf } from '../../src/http/address.ts';
import type { Environment } from '../../src/io.ts';
import {
  readIdentity,
  readLimits,
  readNetwork,
  readSettings,
  type SettingFlags,
  warningsFor,
} from '../../src/settings.ts';
import { readEndpoint } from '../../src/settings-endpoint.ts';
import { readSession } from '../../src/settings-session.ts';
import { assertHolds, assertPlain, assertRefused } from './failures.ts';

const ADDRESS = 'https://vault.example.com';

const PARTS = [readIdentity, readNetwork, readLimits] as const;

for (const [flags, environment, source] of [
  [{}, { VAULT_ADDR: ADDRESS }, 'VAULT_ADDR'],
  [{}, { VAULT_SERVER_URL: ADDRESS, VAULT_ADDR: '' }, 'VAULT_SERVER_URL'],
  [{}, { BAO_ADDR: ADDRESS, VAULT_ADDR: 'wrong' }, 'BAO_ADDR'],
  [{ address: ADDRESS }, { BAO_ADDR: 'wrong' }, '--address'],
] as const) {
  test(`an address by ${source} says so, alone and among all settings`, () => {
    const found = readEndpoint(flags, environment);
    assert.deepEqual([originOf(found), found.source], [ADDRESS, source]);
    const { endpoint } = readSettings(flags, environment);
    assert.deepEqual([endpoint, endpoint.source], [found, source]);
  });
}

test('the other settings need no address, and are the same with one', () => {
  const variables = { VAULT_AUTH_ROLE: 'a', VAULT_SKIP_VERIFY: '1', VAULT_MAX_RETRIES: '2' };
  const flags = { timeout: '9' };
  const others = Object.assign(
    { session: readSession({}, variables) },
    ...PARTS.map((read) => read(flags, variables)),
  );
  const all = readSettings({ timeout: '9' }, { ...variables, VAULT_ADDR: ADDRESS });
  const { endpoint, warnings, ...rest } = all;
  assert.deepEqual(others, rest);
  assert.deepEqual(warnings, warningsFor(endpoint, true));
  assert.deepEqual([endpoint.source, warnings.length], ['VAULT_ADDR', 1]);
  assert.ok(Object.isFrozen(all), 'they can be changed');
});

test('of a wrong address and a wrong setting, the address is told first', () => {
  assertRefused(() => readSettings({ timeout: 'x' }, { VAULT_ADDR: 'x' }), 'CONFIG', 'VAULT_ADDR');
});

for (const [environment, flags, states] of [
  [{}, {}, 'VAULT_ADDR is not set'],
  [{ VAULT_ADDR: '' }, {}, 'VAULT_ADDR is empty'],
  [{ BAO_ADDR: '' }, {}, 'VAULT_ADDR is not set, BAO_ADDR is empty'],
  [{ VAULT_SERVER_URL: '' }, {}, 'VAULT_ADDR is not set, VAULT_SERVER_URL is empty'],
  [{ VAULT_ADDR: '' }, { address: '' }, 'VAULT_ADDR is empty, --address is empty'],
] as const) {
  test(`${JSON.stringify({ ...environment, ...flags })} is no address: ${states}`, () => {
    const error = assertRefused(
      () => readEndpoint(flags, environment),
      'CONFIG',
      'there is no address of Vault',
    );
    assert.ok(error.message.endsWith(`: ${states}`), error.message);
    assertHolds(error.hint, 'Settings → CI/CD → Variables of the group');
    assertPlain(error);
  });
}

// Every setting of which GitLab may have left out a part, or all.
const UNREACHED: readonly (readonly [what: string, environment: Environment, flags?: SettingFlags])[] = [
  ['no address', {}],
  ['an empty address', { VAULT_ADDR: '' }],
  ['an address of spaces', { VAULT_ADDR: '  ' }],
  ['an address without its host', { VAULT_ADDR: 'https://' }],
  ['an address that was not filled in', { VAULT_ADDR: '$URL' }],
  ['an address that names itself', { VAULT_ADDR: '$VAULT_ADDR' }],
  ['a host that was not filled in', { VAULT_ADDR: 'https://$' + '{HOST}' }],
  ['a flag that was not filled in', {}, { address: '$URL' }],
  ['a role', { VAULT_ADDR: ADDRESS, VAULT_ROLE: '$ROLE' }],
  ['a role that names itself', { VAULT_ADDR: ADDRESS, VAULT_ROLE: '$VAULT_ROLE' }],
  ['an auth path', { VAULT_ADDR: ADDRESS, VAULT_AUTH_PATH: '$A/b' }],
  ['a namespace', { VAULT_ADDR: ADDRESS }, { namespace: '$N' }],
  ['a token', { VAULT_ADDR: ADDRESS, VAULT_TOKEN: '$T' }],
];
const UNPROTECTED = { CI_COMMIT_REF_PROTECTED: 'false', CI_COMMIT_REF_NAME: 'feature-1' };
for (const [what, environment, flags = {}] of UNREACHED) {
  const hintIn = (more: Environment) =>
    assertRefused(() => readSettings(flags, { ...environment, ...more }), 'CONFIG', '').hint ?? '';

  test(`${what}: on a ref that is not protected, that is the likely cause`, () => {
    const cause = 'this job\'s ref "feature-1" is not protected, and a variable marked "protected" does not';
    assertHolds(hintIn(UNPROTECTED), `likely: ${cause}`);
    assertHolds(hintIn({ CI_COMMIT_REF_PROTECTED: 'false' }), "this job's ref is not protected");
    for (const other of [{ ...UNPROTECTED, CI_COMMIT_REF_PROTECTED: 'true' }, {}]) {
      assert.doesNotMatch(hintIn(other), /not protected/);
    }
  });

  test(`${what}: that variables have environments is told`, () => {
    assert.match(hintIn({}), /environment scope reaches only jobs with that environment$/);
    assert.match(hintIn({ CI_ENVIRONMENT_NAME: 'prod' }), /that environment; this one's is "prod"$/);
  });
}

test('an empty address is told to hide the one of the group', () => {
  const { hint } = assertRefused(() => readEndpoint({}, { VAULT_ADDR: '' }), 'CONFIG', 'is empty');
  assertHolds(hint, 'hides the one in Settings');
});

for (const [value, environment, hint] of [
  ['$URL', {}, 'URL is not defined in this job: set it in Settings → CI/CD → Variables of the group'],
  ['$URL', { URL: '' }, 'URL is not defined in this job'],
  ['$URL', { URL: 'x' }, 'URL is set in this job: use double quotes'],
  ['$constructor', {}, 'constructor is not defined in this job'],
  ['$$URL', {}, 'write $URL with one $'],
  ['$VAULT_ADDR', {}, 'leave VAULT_ADDR: $VAULT_ADDR out of variables:'],
] as const) {
  test(`an address of ${value} with ${JSON.stringify(environment)}: ${hint}`, () => {
    const error = assertRefused(
      () => readEndpoint({}, { ...environment, VAULT_ADDR: value }),
      'CONFIG',
      `VAULT_ADDR is "${value}": a variable in it was never filled in`,
    );
    assertHolds(error.hint, hint);
  });
}

test('a role that names itself is told by its variable', () => {
  const error = assertRefused(
    () => readSession({}, { VAULT_ROLE: '$VAULT_ROLE' }),
    'CONFIG',
    'the role (VAULT_ROLE) is "$VAULT_ROLE"',
  );
  assertHolds(error.hint, 'leave VAULT_ROLE: $VAULT_ROLE out of variables:');
});

test('whatever a job is told of its ref, its environment and its settings is plain, and shows no token', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('$A', 'a\u202eb', '\u001b[31m', 'eyJhbGciOiJ9.eyJtYXJrZWQ', 'hvs.markedmarkedmarked'),
    fc.string({ unit: 'binary' }).map((text) => `$A${text}hvs.markedmarkedmarked`),
    fc.string({ unit: 'binary' }).map((text) => `${text}eyJhbGciOiJ9.eyJtYXJrZWQ`),
  );
  const names = ['VAULT_ADDR', 'VAULT_ROLE', 'VAULT_AUTH_PATH', 'VAULT_NAMESPACE', 'CI_COMMIT_REF_NAME'];
  const values = fc.dictionary(fc.constantFrom(...names, 'CI_ENVIRONMENT_NAME', 'VAULT_TOKEN'), hostile);
  fc.assert(
    fc.property(values, (environment) => {
      for (const read of [readEndpoint, readSession, ...PARTS]) {
        try {
          read({}, { ...environment, CI_COMMIT_REF_PROTECTED: 'false' });
        } catch (error) {
          assert.ok(error instanceof AppError, String(error));
          assertPlain(error);
          // A token stands at the beginning of a word: what is glued to a letter before it is none.
          assert.doesNotMatch(`${error.message}\n${error.hint}`, /\beyJ|\bhvs\./);
        }
      }
    }),
    { numRuns: 2000 },
  );
});
