// What GitLab answers of a release: links, names, digests, refusals.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import { readDigest } from '../../src/download/expectation.ts';
import { isPage, LINKED, linkOf, pageInstead, refusedFile } from '../../src/download/link.ts';
import { readPackage } from '../../src/download/plan.ts';
import { openApi } from '../../src/gitlab/api.ts';
import { digestIn, onlyDigest } from '../../src/gitlab/checksums.ts';
import { chooseAssets, fileName } from '../../src/gitlab/choice.ts';
import { findRelease } from '../../src/gitlab/releases.ts';
import { parseAddress } from '../../src/http/address.ts';
import type { HttpResponse } from '../../src/http/request.ts';
import { Secret } from '../../src/secret.ts';
import { fakeClient } from '../unit/fakes.ts';
import { around, bytesAround } from './mutation.ts';
import { taken, takenLater, target } from './target.ts';

const TOKEN = 'glcbt-64_xKmarkedJobToken';
const gitlab = { ...parseAddress('https://gitlab.example.com', 'CI_API_V4_URL'), basePath: '/api/v4' };
const token = { header: 'JOB-TOKEN', variable: 'CI_JOB_TOKEN', value: new Secret(TOKEN) } as const;
const URLS = [
  'https://gitlab.example.com/api/v4/projects/1/packages/generic/x/1/tool',
  'https://storage.example.com:8443/x?signature=1',
  'http://gitlab.example.com/x',
  'http://169.254.169.254/latest/meta-data',
  `https://user:${TOKEN}@gitlab.example.com/x`,
  'https://gitlab.example.com.evil.example/x',
  'file:///etc/passwd',
  'ftp://x/y',
];
const NAMES = [
  'tool-linux-amd64',
  '../../etc/x',
  '/abs/y',
  'a/..',
  '.bashrc',
  'line\nbreak',
  'SHA256SUMS',
  'x'.repeat(300),
  '-rf',
  'C:\\x',
  'é',
  'e\u0301',
];
const link = (name: string, url: string) => ({
  name,
  url,
  direct_asset_url: `https://gitlab.example.com/g/p/-/releases/v1/downloads/bin/${encodeURIComponent(name)}`,
  link_type: 'other',
});
const release = (links: readonly unknown[]) => JSON.stringify({ tag_name: 'v1', assets: { links } });
const RELEASES = [
  release(NAMES.map((name, index) => link(name, URLS[index % URLS.length] ?? ''))),
  release([{ name: 'x', url: 'y' }, null, { name: 1, url: [] }, link('tool', URLS[0] ?? '')]),
  '{"message":"404 Project Not Found"}',
  `{"message":"Authentication by CI/CD job token not allowed from a/b to c/d ${TOKEN}."}`,
  '{"error":"insufficient_scope","error_description":"x"}',
  '[{"tag_name":"v0"},{"tag_name":"\u202e"}]',
];
const WORDS = [
  '"name":',
  '"url":"',
  '/-/releases/',
  '/downloads/',
  'tool',
  '%2e%2e%2f',
  '"tag_name":',
  TOKEN,
  'not allowed from ',
  ' to ',
  '*',
  '[a-z]',
  '[!',
  '?',
];
const DIGEST = 'a'.repeat(64);
const LISTS = [
  `${DIGEST}  tool\n${'b'.repeat(64)} *dist/other\n`,
  `SHA256 (tool) = ${DIGEST}\r\nSHA256 (a(b) = ${DIGEST}`,
  `\\${DIGEST}  li\\nne\\\\\n`,
  `\ufeff${DIGEST}\n`,
];

const response = (status: number, body: string): HttpResponse => ({
  status,
  headers: { 'content-type': body.slice(0, 40) },
  body: Buffer.from(body, 'latin1'),
});
const rules = { hides: [TOKEN], longest: 12_000 };

/** Checks that a name stays in its folder, and is one line. */
function assertFile(name: string): void {
  assert.doesNotMatch(name, /[/\u0000-\u001f\u007f]/);
  assert.ok(name !== '' && name !== '.' && name !== '..');
  assert.equal(join('out', name), `out/${name}`);
}

export const targets = [
  target(
    'a release',
    fc.record({
      status: fc.constantFrom(200, 200, 200, 200, 201, 304, 401, 403, 404, 429, 500),
      body: bytesAround(RELEASES, WORDS),
      wanted: fc.array(
        around(
          [...NAMES.slice(0, 6), 'tool*', 'bin/*', '[!a]*', '[z-a]', '*-*-*'],
          ['*', '?', '[', ']', '!', '-'],
        ),
        { minLength: 1, maxLength: 2 },
      ),
    }),
    async ({ status, body, wanted }) => {
      const api = openApi(
        fakeClient(() => response(status, body)),
        gitlab,
        token,
      );
      const found = await takenLater(() => findRelease(api, 'group/project', 'v1'), rules);
      if (found === undefined) return;
      const chosen =
        taken(
          () => chooseAssets(found, [...wanted.filter((text) => text.trim() !== ''), '*'].slice(0, 2)),
          rules,
        ) ?? [];
      const files = new Set<string>();
      for (const { asset, name } of chosen) {
        const file = taken(() => fileName(name), rules);
        if (file !== undefined) {
          assertFile(file);
          assert.ok(!files.has(file), 'two of one name');
          files.add(file);
        }
        const address = taken(() => linkOf(asset, api), rules);
        if (address === undefined) continue;
        assert.match(address.protocol, /^https?:$/);
        assert.equal(`${address.username}${address.password}`, '');
        const sent = fakeClient(() => response(200, ''));
        // Nothing is sent to a host that looks like a variable.
        const fetched = await takenLater(() => openApi(sent, gitlab, token).fetch(address), rules);
        if (fetched === undefined) continue;
        const isGitlab = address.origin === 'https://gitlab.example.com';
        assert.equal(Object.values(sent.requests[0]?.headers ?? {}).includes(TOKEN), isGitlab);
      }
    },
    { weight: 3 },
  ),
  target(
    'an answer of GitLab',
    fc.record({
      status: fc.constantFrom(200, 302, 401, 403, 404, 410, 418, 429, 500),
      body: bytesAround(
        [
          ...RELEASES,
          '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
          '<html><title>Sign in</title>',
        ],
        WORDS,
      ),
      name: around(NAMES),
    }),
    async ({ status, body, name }) => {
      const answer = response(status, body);
      const api = openApi(
        fakeClient(() => answer),
        gitlab,
        token,
      );
      await takenLater(() => api.ask(['projects', 'x', 'releases']), rules);
      const url = new URL('https://gitlab.example.com/x');
      isPage(answer, name, url);
      taken(() => {
        throw refusedFile(answer, { name, claim: LINKED }, token);
      }, rules);
      taken(() => {
        throw pageInstead(url, name, api);
      }, rules);
    },
  ),
  target(
    'a pattern and names',
    fc.tuple(
      around(['tool-*', '*.tar.gz', 'bin/[a-c]?*', '[!x]'], ['*', '?', '[', ']', '!', '-', '^', '\\', '.*']),
      fc.array(around(NAMES), { maxLength: 4 }),
    ),
    ([pattern, names]) => {
      const assets = names.map((name) => ({ name, path: undefined, url: '' }));
      const chosen = taken(() => chooseAssets({ tag: 'v1', assets }, [pattern]), rules);
      for (const { name } of chosen ?? [])
        if (name !== pattern)
          assert.ok(!/(?:^|\/)\.[^/]*$/.test(name) || /(?:^|\/)\.[^/]*$/.test(pattern), 'a hidden one');
    },
  ),
  target("a file's name", around(NAMES), (text) => {
    const name = taken(() => fileName(text), rules);
    if (name !== undefined) assertFile(name);
  }),
  target(
    'a list of digests',
    fc.tuple(
      around(LISTS, [DIGEST, '  ', ' *', 'SHA256 (', ') = ', '\\n']),
      fc.array(around(['tool', 'li\nne\\', 'dist/tool']), { minLength: 1, maxLength: 2 }),
    ),
    ([list, names]) => {
      for (const read of [digestIn, onlyDigest]) {
        assert.match(taken(() => read(list, names, 'SHA256SUMS'), rules) ?? DIGEST, /^[0-9a-f]{64}$/);
      }
    },
  ),
  target(
    'what says which file is meant',
    around(
      ['civault/1.2.3/civault-linux-amd64', 'a/b/c/d', DIGEST, `sha256:${DIGEST.toUpperCase()}`],
      ['/', '..'],
    ),
    (text) => {
      const found = taken(() => readPackage(text));
      if (found !== undefined) {
        assert.equal(`${found.name}/${found.version}/${found.file}`, text);
        for (const part of text.split('/')) assert.ok(!['', '.', '..'].includes(part));
      }
      assert.match(taken(() => readDigest(text))?.sha256 ?? DIGEST, /^[0-9a-f]{64}$/);
    },
  ),
];
