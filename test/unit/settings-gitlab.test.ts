// Proves where GitLab's address, the project and the token come from, which of them are refused and how, that a job's token
// stays with the GitLab that runs the job, and that Vault's variables count for Vault alone.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { originOf } from '../../src/http/address.ts';
import { type GitlabFlags, readGitlab } from '../../src/settings-gitlab.ts';
import { assertHides, assertHolds, assertPlain, assertRefused } from './failures.ts';

type Variables = Readonly<Record<string, string>>;
const TOKEN = 'glcbt-64_markedTokenOfTheJob';
const JOB = { CI_API_V4_URL: 'https://gitlab.example.com/api/v4', CI_PROJECT_ID: '42', CI_JOB_TOKEN: TOKEN };
const settle = (variables: Variables = {}, flags: GitlabFlags = {}) =>
  readGitlab(flags, { ...JOB, ...variables });

describe('the address', () => {
  for (const [variables, server, address] of [
    [{}, undefined, 'https://gitlab.example.com/api/v4'],
    [{ CI_API_V4_URL: '', CI_SERVER_URL: 'https://other' }, undefined, 'https://other/api/v4'],
    [{ CI_API_V4_URL: 'https://host/gitlab/api/v4' }, undefined, 'https://host/gitlab/api/v4'],
    [{}, 'https://host', 'https://host/api/v4'],
    [{}, 'https://host/', 'https://host/api/v4'],
    [{}, 'https://host:8443/gitlab/api/v4/', 'https://host:8443/gitlab/api/v4'],
    [{}, 'https://host/api', 'https://host/api/v4'],
    [{}, 'http://[::1]:8080/gitlab', 'http://[::1]:8080/gitlab/api/v4'],
  ] as const) {
    test(`by ${JSON.stringify([variables, server])} is ${address}`, () => {
      const { endpoint } = settle(variables, server === undefined ? {} : { server });
      assert.equal(`${originOf(endpoint)}${endpoint.basePath}`, address);
    });
  }
  for (const [server, warns] of [
    ['http://gitlab.example.com', true],
    ['http://localhost:8080', false],
    ['https://gitlab.example.com', false],
  ] as const) {
    test(`${server} ${warns ? 'warns' : 'does not warn'} of plain text`, () => {
      assert.equal(settle({}, { server }).warnings.length, warns ? 1 : 0);
    });
  }
});

describe('the project', () => {
  for (const [flag, project] of [
    [undefined, '42'],
    ['7', '7'],
    ['platform/civault', 'platform/civault'],
    ['/a/b-c/d.e_f/', 'a/b-c/d.e_f'],
    ['platform/civault.git', 'platform/civault'],
  ] as const) {
    test(`${flag} is ${project}`, () => {
      assert.equal(settle({}, flag === undefined ? {} : { project: flag }).project, project);
    });
  }
});

describe('the token', () => {
  for (const [what, variables, flags, header, variable] of [
    ['of the job', {}, {}, 'JOB-TOKEN', 'CI_JOB_TOKEN'],
    ['of the job before any other', { GITLAB_TOKEN: 'glpat-x' }, {}, 'JOB-TOKEN', 'CI_JOB_TOKEN'],
    ['that is personal', { CI_JOB_TOKEN: '', GITLAB_TOKEN: 'glpat-x' }, {}, 'PRIVATE-TOKEN', 'GITLAB_TOKEN'],
    ['of a deployment', { CI_JOB_TOKEN: '', GITLAB_TOKEN: 'gldt-x' }, {}, 'DEPLOY-TOKEN', 'GITLAB_TOKEN'],
    ['that is named', { MINE: 'glpat-x' }, { 'token-variable': 'MINE' }, 'PRIVATE-TOKEN', 'MINE'],
    [
      "of a job by another variable's name",
      { MINE: TOKEN },
      { 'token-variable': 'MINE' },
      'JOB-TOKEN',
      'MINE',
    ],
    [
      'of the job, for another GitLab, because it is named',
      {},
      { server: 'https://gitlab.com', 'token-variable': 'CI_JOB_TOKEN' },
      'JOB-TOKEN',
      'CI_JOB_TOKEN',
    ],
    [
      'of the job, for its own GitLab',
      {},
      { server: 'https://GITLAB.example.com:443' },
      'JOB-TOKEN',
      'CI_JOB_TOKEN',
    ],
  ] as const) {
    test(what, () => {
      const { token } = settle(variables, flags);
      assert.deepEqual([token?.header, token?.variable], [header, variable]);
      assert.doesNotMatch(JSON.stringify(token), /glcbt|glpat|gldt/);
    });
  }
  for (const [what, variables, flags, variable] of [
    ['another GitLab', {}, { server: 'https://gitlab.com' }, undefined],
    ['another port', {}, { server: 'https://gitlab.example.com:8443' }, undefined],
    ['plain http', {}, { server: 'http://gitlab.example.com' }, undefined],
    [
      'another one by CI_SERVER_URL',
      { CI_API_V4_URL: '', CI_SERVER_URL: 'https://a' },
      { server: 'https://b' },
      undefined,
    ],
    [
      'another GitLab, nor is GITLAB_TOKEN',
      { GITLAB_TOKEN: 'glpat-x' },
      { server: 'https://gitlab.com' },
      undefined,
    ],
    [
      'another GitLab but where it is named',
      { GITLAB_TOKEN: 'glpat-x' },
      { server: 'https://gitlab.com', 'token-variable': 'GITLAB_TOKEN' },
      'GITLAB_TOKEN',
    ],
    [
      'another GitLab on the same origin',
      { CI_API_V4_URL: 'https://gitlab.example.com/one/api/v4' },
      { server: 'https://gitlab.example.com/other' },
      undefined,
    ],
    [
      'another GitLab than the one that is named',
      { CI_API_V4_URL: 'https://gitlab.example.com/one/api/v4' },
      { server: 'https://gitlab.example.com/one/' },
      'CI_JOB_TOKEN',
    ],
  ] as const) {
    test(`of the job is not for ${what}`, () =>
      assert.equal(settle(variables, flags).token?.variable, variable));
  }
  test('is none where there is none', () => assert.equal(settle({ CI_JOB_TOKEN: '' }).token, undefined));
});

const REFUSED: readonly (readonly [variables: Variables, flags: GitlabFlags, part: string, hint?: string])[] =
  [
    [{ CI_API_V4_URL: '' }, {}, 'there is no address of GitLab', '--server https://gitlab.example.com'],
    [{}, { server: 'gitlab.example.com' }, '--server is "gitlab.example.com": it has no scheme'],
    [{}, { server: 'unix:/run/x' }, 'GitLab has no socket'],
    [{}, { server: 'https://gitlab.example.com/a/b/-/releases' }, 'leave /-/releases off'],
    [{}, { server: 'https://u:hunter2@gitlab.example.com' }, 'holds a user name or a password'],
    [{ CI_API_V4_URL: '$CI_API' }, {}, 'a variable in it was never filled in'],
    [{ CI_PROJECT_ID: '' }, {}, 'there is no project', '--project GROUP/PROJECT'],
    [{}, { project: '' }, '--project is "": it is empty'],
    [{}, { project: 'civault' }, '--project is "civault": no project has that path', 'GROUP/PROJECT'],
    [{}, { project: 'platform%2Fcivault' }, 'no project has that path'],
    [{}, { project: 'grüppe/x' }, 'no project has that path'],
    [{}, { project: 'a/b?c' }, 'no project has that path'],
    [{}, { project: '$GROUP/x' }, 'a variable in it was never filled in'],
    [{}, { project: 'https://gitlab.example.com/a/b' }, 'that is an address'],
    [{ CI_PROJECT_ID: '4\u001b2' }, {}, 'no project has that path'],
    [{ CI_JOB_TOKEN: `"${TOKEN}"` }, {}, 'CI_JOB_TOKEN has quotes around it, or holds a space'],
    [{ CI_JOB_TOKEN: `${TOKEN}\n` }, {}, 'CI_JOB_TOKEN has quotes around it, or holds a space'],
    [{ CI_JOB_TOKEN: `${TOKEN}\r\nX-Evil: 1` }, {}, 'or holds a space'],
    [{ CI_JOB_TOKEN: '$MY_TOKEN' }, {}, 'CI_JOB_TOKEN is "$MY_TOKEN": a variable in it was never filled in'],
    [{}, { 'token-variable': 'NOT_SET' }, '"NOT_SET" is not set: it is to hold GitLab\'s token'],
    [{ MINE: '' }, { 'token-variable': 'MINE' }, '"MINE" is empty'],
    [{}, { 'token-variable': TOKEN }, '--token-variable holds a token'],
    [{}, { 'token-variable': '$GITLAB_TOKEN' }, 'no variable has that name'],
    [{}, { 'token-variable': 'toString' }, '"toString" is not set'],
    [{}, { timeout: '0' }, '--timeout is "0": not a time'],
    [{}, { retries: '-1' }, '--retries is "-1": not a number of tries'],
    [{}, { 'ca-file': '$CA' }, '--ca-file is "$CA": a variable in it was never filled in'],
    [{ HTTPS_PROXY: '$P' }, {}, 'HTTPS_PROXY is "$P": a variable in it was never filled in'],
  ];
for (const [variables, flags, part, hint = ''] of REFUSED) {
  test(`${JSON.stringify({ ...variables, ...flags })} is refused: ${part}`, () => {
    const error = assertRefused(() => settle(variables, flags), 'CONFIG', part);
    assertHolds(error.hint, hint);
    assertPlain(error);
    assertHides(error, TOKEN, 'hunter2');
  });
}

test("Vault's variables, and Node's, change nothing", () => {
  const vaults = {
    VAULT_ADDR: 'https://vault.example.com',
    VAULT_SKIP_VERIFY: 'true',
    VAULT_CACERT: '/no/such/file',
    VAULT_CACERT_BYTES: 'x',
    VAULT_CAPATH: '/none',
    VAULT_CLIENT_CERT: '/none',
    VAULT_CLIENT_KEY: '/none',
    VAULT_TLS_SERVER_NAME: 'other',
    VAULT_CLIENT_TIMEOUT: 'soon',
    VAULT_MAX_RETRIES: '0',
    VAULT_PROXY_ADDR: 'http://127.0.0.1:9',
    VAULT_NAMESPACE: 'x',
    VAULT_TOKEN: 'hvs.x',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_EXTRA_CA_CERTS: '/none',
  };
  const plain = ({ token: _token, ...settings }: ReturnType<typeof settle>) => settings;
  assert.deepEqual(plain(settle(vaults)), plain(settle()));
  assert.deepEqual([settle().timeout, settle().retries, settle().trust.skipVerify], [Infinity, 5, false]);
});

test('any variables are settled, or refused without showing the token', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('https://x', 'a/b', '$X', '', ' '));
  fc.assert(
    fc.property(text, text, text, (server, project, token) => {
      try {
        settle({ MINE: `${TOKEN}${token}` }, { server, project, 'token-variable': 'MINE' });
      } catch (error) {
        assert.ok(error instanceof AppError && error.code === 'CONFIG', String(error));
        assertPlain(error);
        assertHides(error, TOKEN);
      }
    }),
    { numRuns: 1000 },
  );
});
