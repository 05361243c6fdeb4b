// What Vault answers, or whoever is in its place: to a login, to reads, to questions.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { startDeadline } from '../../src/http/deadline.ts';
import type { HttpResponse } from '../../src/http/request.ts';
import { Secret } from '../../src/secret.ts';
import { readAnswer } from '../../src/vault/answer.ts';
import { isFinalRefusal, loginRefused, readRefused } from '../../src/vault/diagnosis.ts';
import { selectField } from '../../src/vault/fields.ts';
import { lookUpMount, mountFrom, startsWith } from '../../src/vault/mounts.ts';
import { parseReference } from '../../src/vault/reference.ts';
import { endLeases } from '../../src/vault/renewal.ts';
import type { ReadPlan } from '../../src/vault/requests.ts';
import { readSecrets, secretFrom } from '../../src/vault/secrets.ts';
import { openSession } from '../../src/vault/session.ts';
import { asker, fakeClient, idToken, jwt, NOW } from '../unit/fakes.ts';
import { around, bytesAround } from './mutation.ts';
import { assertLine, taken, takenLater, target } from './target.ts';

const SENT = 'hvs.xKmarkedTokenThatWasSent00';
const VALUE = 'xKmarked-value9';
const metadata = { created_time: '2026-01-02T03:04:05Z', deletion_time: '', destroyed: false, version: 3 };
const BODIES = [
  { data: { data: { password: VALUE, n: 1 }, metadata }, lease_id: '', warnings: null },
  {
    data: { username: 'u', password: VALUE },
    lease_id: `database/creds/x/${VALUE}`,
    lease_duration: 3600,
    renewable: true,
  },
  { data: null, wrap_info: { token: SENT, ttl: 60 } },
  { data: { data: null, metadata: { ...metadata, deletion_time: '2026-01-02T03:04:05.6Z' } } },
  {
    auth: {
      client_token: SENT,
      policies: ['default', 'x'],
      lease_duration: 900,
      renewable: true,
      token_type: 'service',
      num_uses: 0,
    },
  },
  { auth: { client_token: '', mfa_requirement: { mfa_request_id: 'x' } } },
  { data: { path: 'secret/', type: 'kv', options: { version: '2' } } },
  { data: { path: '../../sys/', type: 'kv', options: { version: '1' } } },
  { errors: ['1 error occurred:\n\t* permission denied\n\n'] },
  { errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'] },
  {
    errors: [
      `error validating claims: claim "project_path" does not match any associated bound claim values`,
    ],
  },
  { errors: [`role "nexus-ci" could not be found`, `echo ${SENT}`] },
  {
    errors: [
      'error validating token: invalid audience (aud) claim: audience claim does not match any bound audience',
    ],
  },
  { errors: ['Vault is sealed'] },
  { errors: [], warnings: ['Invalid path for a versioned K/V secrets engine. See the API docs'] },
  { message: '401 Unauthorized' },
  { kind: 'Status', apiVersion: 'v1' },
].map((body) => JSON.stringify(body));
const PAGES = [
  '<!DOCTYPE html><html><head><title>Sign in</title></head><input type="password">',
  '404 page not found\n',
  'default backend - 404',
  'Client sent an HTTP request to an HTTPS server.\n',
];
const WORDS = [
  '"data":',
  '"errors":[',
  '"auth":{',
  '"metadata":',
  '"lease_duration":',
  '"path":',
  '<title>',
  '<input ',
  'claim "',
  '" is missing',
  'role "',
  'permission denied',
  SENT,
  SENT.slice(4, 20),
  Buffer.from(SENT).toString('base64'),
];
const STATUSES = [
  200, 200, 200, 200, 200, 204, 206, 302, 304, 400, 400, 400, 403, 403, 404, 404, 405, 412, 429, 472, 473,
  500, 501, 502, 503, 599, 99, 600,
];

const answers: fc.Arbitrary<Answer> = fc.record({
  status: fc.constantFrom(...STATUSES),
  body: bytesAround([...BODIES, ...BODIES, ...PAGES], WORDS),
  type: around(['application/json', 'text/html; charset=utf-8', `text/${SENT}`]),
  server: around(['nginx/1.25', 'Apache']),
  date: around(['Fri, 02 Jan 2026 03:04:05 GMT']),
});
/** A login that was accepted, with tokens of all kinds. */
const logins = fc
  .tuple(answers, around(['hvs.given', 'hvs.a b', 'hvs.a\r\nX-Evil: 1', 'hvs.é', ' hvs.x', 'hvs.x\n']))
  .map(([answer, client_token]) => ({
    ...answer,
    status: 200,
    body: Buffer.from(JSON.stringify({ auth: { client_token, lease_duration: 60 } })).toString('latin1'),
  }));

interface Answer {
  readonly status: number;
  /** Its bytes, as Latin-1. */
  readonly body: string;
  readonly type: string;
  readonly server: string;
  readonly date: string;
}

function responseOf({ status, body, type, server, date }: Answer): HttpResponse {
  return { status, headers: { 'content-type': type, server, date }, body: Buffer.from(body, 'latin1') };
}

const PLANS: readonly ReadPlan[] = [
  { path: ['secret', 'data', 'nexus', 'ci'], kind: 'kv2', version: undefined },
  { path: ['secret', 'data', 'nexus', 'ci'], kind: 'kv2', version: 3 },
  {
    path: ['legacy', 'ci:password'],
    kind: 'kv1',
    version: undefined,
    told: { path: ['legacy'], kind: 'kv1' },
  },
  { path: ['database', 'creds', 'x'], kind: 'other', version: undefined, told: 'nothing' },
];
const settings = { authPath: ['jwt'], role: 'Nexus-CI', namespace: 'team' };
const rules = { hides: [SENT, SENT.slice(4, 20), VALUE], longest: 9000 };

export const targets = [
  target(
    'an answer of Vault',
    answers,
    (given) => {
      const response = responseOf(given);
      isFinalRefusal(response);
      const answer = taken(() => readAnswer(response, [new Secret(SENT)]), rules);
      if (answer === undefined) return;
      for (const text of answer.errors) assert.ok(!text.includes(SENT));
      assert.ok(answer.date === undefined || Number.isFinite(answer.date));
      for (const plan of PLANS) {
        // A field of Vault's own refusals may be shown; a value is in none of those.
        const refusal = readRefused(answer, plan, asker());
        taken(
          () => {
            throw refusal;
          },
          { longest: 9000, hides: [SENT] },
        );
        const read = taken(() => secretFrom(answer, plan, asker()), { longest: 9000, hides: [SENT] });
        if (read === undefined) continue;
        assert.ok(read.lease === undefined || (Number.isFinite(read.lease.seconds) && read.lease.id !== ''));
        taken(() => selectField(read.fields, { kind: 'key', key: 'passwort' }, 'x'), {
          longest: 40_000,
          hides: [VALUE],
        });
      }
      taken(
        () => {
          throw loginRefused(answer, settings, idToken(), NOW);
        },
        { longest: 9000, hides: [SENT] },
      );
    },
    { weight: 3 },
  ),
  target('the mount that Vault names', answers, (given) => {
    const path = ['secret', 'nexus', 'ci'];
    const answer = taken(() => readAnswer(responseOf(given)));
    const mount = answer === undefined ? undefined : taken(() => mountFrom(answer, path), rules);
    if (mount !== undefined) assert.ok(startsWith(path, mount.path) && mount.path.length <= path.length);
  }),
  target(
    'a run against a Vault that answers anything',
    fc.record({ login: fc.oneof(answers, logins), mount: answers, read: answers, rest: answers }),
    async ({ login, mount, read, rest }) => {
      const client = fakeClient(({ path }) => {
        if (path === '/v1/auth/jwt/login') return responseOf(login);
        if (path.startsWith('/v1/sys/internal')) return responseOf(mount);
        return responseOf(path.startsWith('/v1/secret/') ? read : rest);
      });
      const all = { longest: 9000, hides: [SENT, jwt().slice(8, 60)] };
      const credential = { kind: 'id-token', idToken: idToken() } as const;
      const session = await takenLater(() => openSession(client, settings, credential, () => NOW), {
        ...all,
        hides: [jwt().slice(8, 60)],
      });
      if (session === undefined) return assert.equal(client.requests.length, 1);
      const token = session.token?.reveal() ?? '';
      assert.match(token, /^[\x21-\x7e]+$/);
      assert.ok(Number.isFinite(session.limits?.seconds) && Number.isFinite(session.limits?.uses));
      const secrets = await takenLater(() => readSecrets(session, [parseReference('secret/nexus/ci')]), all);
      const leases = (secrets ?? []).flatMap(({ lease }) => (lease === undefined ? [] : [lease]));
      await endLeases(session, leases, { elapsed: () => 0, writeMessage: (line) => assertLine(line) });
      const left = await session.revoke(startDeadline(2000, () => 0));
      if (left !== undefined)
        taken(() => {
          throw left;
        }, all);
      await takenLater(() => lookUpMount(session, ['x', 'y']), all);
      for (const { path, headers } of client.requests) {
        assert.match(path, /^\/v1\/(?:auth|sys|secret)\/[\w./%-]+$/);
        for (const value of Object.values(headers)) assert.match(value, /^[\x20-\x7e]*$/);
      }
    },
    { weight: 2 },
  ),
];
