// Proves that work does not grow faster than a text: what is 100 kB long, and made to be gone through again and again, is taken
// or refused at once.

import assert from 'node:assert/strict';
import test from 'node:test';
import { AppError } from '../../src/errors.ts';
import type { GitlabApi } from '../../src/gitlab/api.ts';
import { chooseAssets } from '../../src/gitlab/choice.ts';
import { findRelease } from '../../src/gitlab/releases.ts';
import { parseAddress } from '../../src/http/address.ts';
import { parseJson } from '../../src/json.ts';
import { registryKey } from '../../src/output/docker-config.ts';
import { readGitlab } from '../../src/settings-gitlab.ts';
import { readSession } from '../../src/settings-session.ts';
import { parseReference } from '../../src/vault/reference.ts';
import { workOf } from './fakes.ts';

const of = (part: string, length = 100_000) => part.repeat(length / part.length);
const chosen = (pattern: string, name: string) =>
  chooseAssets({ tag: 'v1', assets: [{ name, path: undefined, url: '' }] }, [pattern]);
const gitlab = (variables: Readonly<Record<string, string>>) =>
  readGitlab({}, { CI_API_V4_URL: 'https://g/api/v4', CI_PROJECT_ID: '1', ...variables });

for (const [what, call] of [
  ['slashes within an address', () => parseAddress(`https://vault/${of('/')}x`, 'VAULT_ADDR')],
  ['quotes within an address', () => parseAddress(`"a${of("'")}x"`, 'VAULT_ADDR')],
  ['slashes within a registry', () => registryKey(`r.example.com/${of('/')}x`)],
  ['a REF of many schemes', () => parseReference(`${of('://')}\n`)],
  ['slashes within the path of a login', () => readSession({ 'auth-path': `a${of('/')}x` }, {})],
  ['slashes within a project', () => gitlab({ CI_PROJECT_ID: `a${of('/')}x` })],
  [
    "slashes within GitLab's address",
    () => readGitlab({ server: 'https://g' }, { CI_API_V4_URL: `https://g/${of('/')}x`, CI_PROJECT_ID: '1' }),
  ],
  ['a pattern of sets that do not end', () => chosen(of('['), 'tool')],
  ['a pattern of many *', () => chosen(`${of('*-', 100)}x`, of('-'))],
  ['a pattern of many ?', () => chosen(of('?'), of('-'))],
  ['a name of one kind of letter', () => chosen('*-*-*-*x', of('-'))],
] as const) {
  test(what, () => {
    const work = workOf(() => {
      try {
        call();
      } catch (error) {
        assert.ok(error instanceof AppError, String(error));
      }
    });
    assert.ok(work < 1000, `${Math.round(work)} ms`);
  });
}

test("a link whose address begins like a release's many times", async () => {
  const url = `https://g${of('/-/releases/')}`;
  const links = [{ name: 'a', url: 'https://x', direct_asset_url: url }];
  const json = parseJson(JSON.stringify({ tag_name: 'v1', assets: { links } }));
  const api = { ask: async () => ({ status: 200, json }) } as unknown as GitlabApi;
  const before = process.cpuUsage();
  const { assets } = await findRelease(api, 'p', 'v1');
  assert.deepEqual([assets.length, assets[0]?.path], [1, undefined]);
  assert.ok(process.cpuUsage(before).user < 1_000_000);
});
