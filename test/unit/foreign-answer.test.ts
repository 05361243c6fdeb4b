// Proves what is told of an answer that somebody else gave in Vault's place: a sign-in page, a web page, another
// service's API.

import test from 'node:test';
import { Secret } from '../../src/secret.ts';
import { readAnswer } from '../../src/vault/answer.ts';
import { assertHides, assertHolds, assertPlain, assertRefused } from './failures.ts';
import { response } from './fakes.ts';

type Headers = Readonly<Record<string, string>>;
type Row = readonly [status: number, body: unknown, headers: Headers, part: string, hint: string];
const html = (head: string, body = 'marked') => `<!DOCTYPE html><html><head>${head}</head><body>${body}`;
const HTML = { 'content-type': 'text/html' };
const NOT_VAULT = 'is not the JSON that Vault sends';
const SIGN_IN = 'a sign-in page stands in front of Vault';

const TABLE: readonly Row[] = [
  [
    200,
    html('<title>Sign in · GitLab</title>'),
    HTML,
    `${NOT_VAULT}: it is a sign-in page, "Sign in · GitLab"`,
    SIGN_IN,
  ],
  [200, html('<title>Login | Corp SSO</title>'), HTML, 'it is a sign-in page, "Login | Corp SSO"', SIGN_IN],
  [401, html('<title>\n  Log\n in </title>'), HTML, 'it is a sign-in page, "Log in"', SIGN_IN],
  [
    200,
    html('', '<form><input name=p type="password">'),
    HTML,
    `${NOT_VAULT}: it is a sign-in page`,
    SIGN_IN,
  ],
  [
    404,
    html('<title>404 Not Found</title>'),
    { ...HTML, server: 'nginx/1.25.3' },
    'it is a web page, "404 Not Found"; the server calls itself nginx/1.25.3',
    'the one of Vault',
  ],
  [404, html(''), HTML, `${NOT_VAULT}: it is a web page`, ''],
  [200, html(`<title>${'x '.repeat(100)}</title>`), HTML, `"${'x '.repeat(30)}…"`, ''],
  [200, html('<title>\u001b[31m\u202ered</title>'), HTML, '"\\u001b[31m\\u202ered"', ''],
  [200, html('<title>got SENT back</title>'), HTML, '"got [token] back"', ''],
  [200, '<!-- a --><!-- b --><html><title>Welcome</title>', {}, 'it is a web page, "Welcome"', ''],
  [200, 'marked', { server: 'x\u001b[31m' }, NOT_VAULT, ''],
  [200, 'marked', { server: 'y'.repeat(41) }, NOT_VAULT, ''],
  [200, 'marked', { server: 'SENT' }, NOT_VAULT, ''],
  [200, 'marked', { 'content-type': 'text/SENT' }, 'the answer (200, of no known type)', ''],
  [404, '404 page not found\n', {}, 'what Traefik, or another server written in Go', 'the host and the path'],
  [404, 'default backend - 404', {}, 'it is what an ingress says', 'the host and the path'],
  [401, { message: '401 Unauthorized' }, {}, "GitLab's API, for one, answers so", 'the host and the port'],
  [404, { error: '404 Not Found' }, {}, "GitLab's API, for one, answers so", ''],
  [
    404,
    { message: 'marked' },
    { 'x-gitlab-meta': '{}' },
    "it is GitLab's API, not Vault",
    'the host and the port',
  ],
  [403, { kind: 'Status', apiVersion: 'v1', status: 'Failure' }, {}, "it is Kubernetes' API, not Vault", ''],
  [
    401,
    { errors: [{ code: 'UNAUTHORIZED', message: 'marked' }] },
    { 'docker-distribution-api-version': 'registry/2.0' },
    'it is a container registry, not Vault',
    '',
  ],
  [
    404,
    { errors: [{ status: 404, message: 'marked' }] },
    {},
    "it is JSON, but not Vault's",
    'the host and the port',
  ],
  [401, { error: 'invalid_token', error_description: 'marked' }, {}, "it is JSON, but not Vault's", ''],
  [404, { detail: 'marked' }, {}, "it is JSON, but not Vault's", 'the one of Vault'],
  [
    400,
    '<h1>400 The plain HTTP request was sent to HTTPS port</h1>',
    {},
    'the server speaks TLS',
    'write https://',
  ],
  [
    400,
    "Reason: You're speaking plain HTTP to an SSL-enabled server port.",
    {},
    'the server speaks TLS',
    'https://',
  ],
  [400, 'This combination of host and port requires TLS.', {}, 'the server speaks TLS', 'https://'],
  [400, 'Client sent an HTTP request to an HTTPS server.\n', {}, 'the server speaks TLS', 'https://'],
];
const SENT = 'some-token-that-was-sent';
for (const [status, body, headers, part, hint] of TABLE) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  test(`${status} with ${text.slice(0, 80)} ${JSON.stringify(headers)} is told: ${part}`, () => {
    const filled = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace('SENT', SENT)]),
    );
    const answer = response(status, text.replace('SENT', SENT), filled);
    const told = assertRefused(() => readAnswer(answer, [new Secret(SENT)]), 'BAD_RESPONSE', part);
    assertHolds(told.hint, hint);
    assertHides(told, 'marked', SENT, 'yyyy');
    assertPlain(told);
  });
}

test('a page of many open comments is read at once', () => {
  const body = `<!--${'--><!--'.repeat(9000)}`;
  assertRefused(() => readAnswer(response(200, body)), 'BAD_RESPONSE', NOT_VAULT);
});
