// Proves who gets GitLab's token: GitLab at its own address alone, however a link is written and wherever a redirect leads.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isUnprotected, linkOf } from '../../src/download/link.ts';
import { AppError } from '../../src/errors.ts';
import { openApi } from '../../src/gitlab/api.ts';
import { gitlabRedirects } from '../../src/gitlab/redirect.ts';
import { originOf, parseAddress } from '../../src/http/address.ts';
import type { HttpRequest } from '../../src/http/request.ts';
import { Secret } from '../../src/secret.ts';
import { assertHides, assertPlain, assertRefused, assertTells } from './failures.ts';
import { fakeClient, response } from './fakes.ts';

const at = (address: string) =>
  parseAddress(address, '--server', {}, { name: 'GitLab', example: '', surplus: /(?!)/ });
const GITLAB = at('https://gitlab.example.com/api/v4');
const BELOW = at('https://host.example.com/gitlab/api/v4');
const KINDS = ['JOB-TOKEN', 'PRIVATE-TOKEN', 'DEPLOY-TOKEN'] as const;
const VALUE = 'glcbt-64_markedToken';

function api(header: (typeof KINDS)[number] = 'JOB-TOKEN', endpoint = GITLAB) {
  const client = fakeClient(() => response(200, {}));
  return { client, api: openApi(client, endpoint, { header, variable: 'V', value: new Secret(VALUE) }) };
}
const holds = ({ headers }: Pick<HttpRequest, 'headers'>) => Object.values(headers).includes(VALUE);

describe('a question and a file', () => {
  for (const header of KINDS) {
    test(`hold the token in ${header} and in no other header`, async () => {
      const { client, api: asked } = api(header);
      await asked.ask(['projects', 'a/b', 'releases', 'v1/é ?#%']);
      await asked.fetch(new URL('https://gitlab.example.com/api/v4/x?y=z'));
      for (const request of client.requests) {
        const found = Object.entries(request.headers).filter(([, value]) => value === VALUE);
        assert.deepEqual(found, [[header.toLowerCase(), VALUE]]);
        assert.equal(request.idle, 30_000);
      }
      assert.equal(client.requests[0]?.path, '/projects/a%2Fb/releases/v1%2F%C3%A9%20%3F%23%25');
    });
  }

  for (const [link, endpoint, is] of [
    ['https://gitlab.example.com/x', GITLAB, true],
    ['https://GITLAB.example.com:443/x', GITLAB, true],
    ['https://gitlab.example.com:8443/x', GITLAB, false],
    ['http://gitlab.example.com/x', GITLAB, false],
    ['https://gitlab.example.com.evil.example/x', GITLAB, false],
    ['https://example.com/gitlab.example.com', GITLAB, false],
    ['https://storage.example.com/x?y=https://gitlab.example.com', GITLAB, false],
    ['https://host.example.com/gitlab/api/v4/x', BELOW, true],
    ['https://host.example.com/gitlab/a/b/-/x', BELOW, true],
    ['https://host.example.com/other', BELOW, false],
    ['https://host.example.com/gitlab-other/x', BELOW, false],
    ['https://host.example.com/gitlab/../other', BELOW, false],
    ['https://host.example.com/gitlab/%2e%2e/other', BELOW, false],
  ] as const) {
    test(`a file at ${link} is ${is ? '' : 'not '}asked for with the token`, async () => {
      const { client, api: asked } = api('JOB-TOKEN', endpoint);
      await asked.fetch(new URL(link));
      assert.equal(client.requests.some(holds), is);
    });
  }
});

describe('a link', () => {
  const { api: asked } = api();
  for (const [url, link] of [
    ['https://storage.example.com/a%20b?x#y', 'https://storage.example.com/a%20b?x#y'],
    ['http://gitlab.example.com/x', 'https://gitlab.example.com/x'],
    ['http://gitlab.example.com:8080/x', 'http://gitlab.example.com:8080/x'],
    ['http://files.example.com/x', 'http://files.example.com/x'],
  ] as const) {
    test(`to ${url} leads to ${link}`, () => assert.equal(linkOf({ name: 'x', url }, asked).href, link));
  }
  test('by plain http is unprotected, unless GitLab is asked so as well', () => {
    const link = new URL('http://files.example.com/x');
    assert.equal(isUnprotected(link, asked), true);
    assert.equal(isUnprotected(link, api('JOB-TOKEN', at('http://gitlab.example.com/api/v4')).api), false);
  });
  for (const [url, part] of [
    ['ftp://files.example.com/x', 'leads to no https address'],
    ['javascript:alert(1)', 'leads to no https address'],
    ['/-/x', 'leads to no https address'],
    ['', 'leads to no https address'],
    ['https://user:hunter2@files.example.com/', 'holds a user name or a password'],
    ['https://gitlab.example.com@evil.example/', 'holds a user name or a password'],
  ] as const) {
    test(`to "${url}" is refused: ${part}`, () => {
      const error = assertRefused(() => linkOf({ name: 'x\u001b', url }, asked), 'BAD_RESPONSE', part);
      assertPlain(error);
      assertHides(error, 'hunter2');
    });
  }
});

const HEADERS = { accept: '*/*', range: 'bytes=5-', 'if-range': '"x"' };
const hop = (address: string, path: string, token = true) => ({
  endpoint: at(address),
  path,
  headers: token
    ? { ...HEADERS, 'job-token': VALUE, 'private-token': VALUE, 'deploy-token': VALUE }
    : HEADERS,
});
const next = (from: ReturnType<typeof hop>, location: string, status = 302, gitlab = GITLAB) =>
  gitlabRedirects(gitlab).next(from, { status, headers: { location } });

describe('a redirect', () => {
  const OURS = 'https://gitlab.example.com';
  for (const status of [301, 302, 303, 307, 308]) {
    for (const [location, origin, is] of [
      ['/api/v4/y', OURS, true],
      ['https://gitlab.example.com/y?z', OURS, true],
      ['//storage.example.com/y', 'https://storage.example.com', false],
      ['https://storage.example.com/y', 'https://storage.example.com', false],
      ['https://gitlab.example.com:8443/y', 'https://gitlab.example.com:8443', false],
      ['\\\\evil.example\\y', 'https://evil.example', false],
    ] as const) {
      test(`${status} to ${location} goes on ${is ? 'with' : 'without'} the token, and with the range`, () => {
        const to = next(hop(OURS, '/x'), location, status);
        assert.ok(to);
        assert.equal(originOf(to.endpoint), origin);
        assert.deepEqual(to.headers, is ? hop(OURS, '').headers : HEADERS);
        const back = next(to as ReturnType<typeof hop>, `${OURS}/z`);
        assert.deepEqual([back && originOf(back.endpoint), back && holds(back)], [OURS, is]);
      });
    }
  }

  test('within an origin that GitLab shares goes on without the token where it leaves GitLab', () => {
    const from = hop('https://host.example.com', '/gitlab/x');
    for (const [location, is] of [
      ['/gitlab/y', true],
      ['/y', false],
      ['../y', false],
      ['/gitlabs/y', false],
    ] as const) {
      const to = next(from, location, 302, BELOW);
      assert.equal(to !== undefined && holds(to), is, location);
    }
  });

  for (const [location, code, part] of [
    ['http://gitlab.example.com/y', 'BAD_RESPONSE', 'never fetched over plain http in the place of https'],
    [
      'http://storage.example.com/y?sig=hunter2',
      'BAD_RESPONSE',
      'redirected to http://storage.example.com (302)',
    ],
    ['https://u:hunter2@storage.example.com/', 'BAD_RESPONSE', 'that is no address to follow'],
    ['ftp://storage.example.com/', 'BAD_RESPONSE', 'that is no address to follow'],
    ['https://[', 'BAD_RESPONSE', 'redirected to somewhere else (302)'],
    ['/users/sign_in?hunter2', 'PERMISSION_DENIED', 'asks to sign in: the asset'],
  ] as const) {
    test(`to ${location} is refused: ${part}`, () => {
      const error = assertRefused(() => next(hop(OURS, '/x'), location), code, part);
      assertPlain(error);
      assertHides(error, 'hunter2', VALUE);
    });
  }

  test('of the API to a sign-in page is told as a wrong address', () => {
    const from = hop('https://gitlab.example.com/group/api/v4', '/projects/1');
    const error = assertRefused(() => next(from, '/users/sign_in'), 'PERMISSION_DENIED', 'where GitLab');
    assertTells(error, 'check --server: it is GitLab');
  });

  test('is none without a Location, and none with another status', () => {
    const redirects = gitlabRedirects(GITLAB);
    assert.equal(redirects.next(hop(OURS, '/x'), { status: 302, headers: {} }), undefined);
    for (const status of [200, 206, 300, 304, 404])
      assert.equal(next(hop(OURS, '/x'), '/y', status), undefined);
  });

  test('whatever it says, takes no token out of GitLab', () => {
    const piece = fc.constantFrom(
      'https:',
      'http:',
      '//',
      '/',
      '\\',
      '..',
      'gitlab',
      'host.example.com',
      '@',
      ':',
      '8443',
      'evil',
      '?',
      '#',
      '%2e',
      '\t',
    );
    const location = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 8 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(location, (text) => {
        try {
          const to = next(hop('https://host.example.com', '/gitlab/x'), text, 302, BELOW);
          if (to === undefined || !holds(to)) return;
          assert.equal(originOf(to.endpoint), 'https://host.example.com');
          assert.match(to.path, /^\/gitlab\//);
        } catch (error) {
          assert.ok(error instanceof AppError, String(error));
          assertPlain(error);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('that led to a server which cannot be reached says so; what went wrong here does not', () => {
    const { lost } = gitlabRedirects(GITLAB);
    const cut = lost(GITLAB, new AppError('UNAVAILABLE', 'cannot reach storage'));
    assert.match(
      String(cut),
      /https:\/\/gitlab\.example\.com sends this job on for the file: cannot reach storage/,
    );
    for (const code of ['OUTPUT', 'BAD_RESPONSE', 'PERMISSION_DENIED', 'TLS_UNTRUSTED'] as const) {
      const error = new AppError(code, 'the disk is full');
      assert.equal(lost(GITLAB, error), error);
    }
  });
});
