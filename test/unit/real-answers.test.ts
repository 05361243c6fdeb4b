// Proves the tables of refusals against what servers really answer: each answer of the real Vault has a row of its own, and
// no row stands there for an answer that nobody gives.
//
// fixtures/vault-refusals.json is recorded (make vault-answers); fixtures/other-answers.json holds what the tests' server
// cannot be brought to say, with where it is from.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { readAnswer } from '../../src/vault/answer.ts';
import { type Asker, loginRefused, readRefused } from '../../src/vault/diagnosis.ts';
import { LOGIN_ROWS } from '../../src/vault/login-rows.ts';
import { READ_ROWS } from '../../src/vault/read-rows.ts';
import type { ReadPlan } from '../../src/vault/requests.ts';
import { SERVING_ROWS } from '../../src/vault/serving-rows.ts';
import { type RecordedRefusal, readRefusals } from '../scenarios/refusals.ts';
import { assertPlain } from './failures.ts';
import { asker, idToken, NOW, OWN_TOKEN, response } from './fakes.ts';

const others = JSON.parse(
  readFileSync(new URL('../fixtures/other-answers.json', import.meta.url), 'utf8'),
) as (RecordedRefusal & { from: string })[];

const SETTINGS = { authPath: ['jwt'], role: 'nexus-ci', namespace: 'team/a' };
const PLAN: ReadPlan = { path: ['secret', 'data', 'app'], kind: 'kv2', version: undefined };
const AGENT: Asker = { ...OWN_TOKEN, token: undefined };

// What a read's answer alone does not tell: whose token it is, and what was found out about mount and version.
const READERS: readonly (readonly [Asker, ReadPlan, Parameters<typeof readRefused>[3]])[] = [
  [asker(), PLAN, undefined],
  [OWN_TOKEN, PLAN, undefined],
  [AGENT, PLAN, undefined],
  [asker(), PLAN, { mount: { path: ['secret'], kind: 'kv1' } }],
  [asker(), PLAN, { mount: 'nothing' }],
  [asker(), PLAN, { isAllowed: true }],
  [OWN_TOKEN, PLAN, { isDoubtful: true }],
  [asker(), { ...PLAN, version: 9 }, { newest: '3' }],
];

// Of requests that civault does not make; the scenarios do, to hold the stand-in to its word.
const NOT_ASKED =
  /Field validation failed|error parsing JSON|error checking jwks|duplicate key|preflight capability check/;
const UNKNOWN = /^(?:login refused: )?Vault answered \d/;

function explained({ of, status, body }: RecordedRefusal) {
  const answer = readAnswer(response(status, body ?? undefined));
  return of === 'login'
    ? [loginRefused(answer, SETTINGS, idToken(), NOW)]
    : READERS.map(([who, plan, findings]) => readRefused(answer, plan, who, findings));
}

const recorded = readRefusals();
test('there are as many recorded answers as the scenarios bring about', () => {
  assert.equal(recorded.length > 50, true, String(recorded.length));
});

for (const refusal of recorded) {
  const text = JSON.stringify(refusal.body);
  test(`${refusal.of} ${refusal.status} ${text} is known`, () => {
    for (const error of explained(refusal)) {
      assertPlain(error);
      if (!NOT_ASKED.test(text)) assert.doesNotMatch(error.message, UNKNOWN);
    }
  });
}

for (const refusal of others) {
  test(`${refusal.of} ${refusal.status} ${JSON.stringify(refusal.body)} (${refusal.from}) is told plainly`, () => {
    for (const error of explained(refusal)) assertPlain(error);
  });
}

test('no row stands there for an answer that nobody gives', () => {
  const rows: readonly object[] = [...LOGIN_ROWS, ...READ_ROWS, ...SERVING_ROWS];
  const unreached = new Set(rows);
  for (const row of rows as { message: (facts: never) => string }[]) {
    const { message } = row;
    row.message = (facts) => {
      unreached.delete(row);
      return message(facts);
    };
  }
  for (const refusal of [...recorded, ...others]) explained(refusal);
  assert.deepEqual([...unreached], []);
});
