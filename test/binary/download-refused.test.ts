// Proves on the binary what a job is told that GitLab does not let in, or that asks for what is not there, by the kind of its
// token; and that nothing is written then.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeRelease } from '../gitlab/releases.ts';
import { contentOf } from '../gitlab/server.ts';
import { createProject } from '../gitlab/state.ts';
import { assertDone, assertEnded, downloads } from '../harness/downloads.ts';
import { markSecrets } from '../harness/leaks.ts';

const AMD = 'civault-linux-amd64';
const PERSONAL = 'glpat-markedPersonalToken';
const SCOPELESS = 'glpat-markedWithoutAScope';
const EXPIRED = 'glpat-markedAndExpired00';
const DEPLOY = 'gldt-markedDeployToken000';
const PAGE = 'Settings → CI/CD → Job token permissions';
markSecrets([PERSONAL, SCOPELESS, EXPIRED, DEPLOY]);

const at = downloads(({ gitlab: { state, origin }, project: own }) => {
  const closed = createProject(state, 'tools/closed');
  closed.members.set('anna', 20);
  const open = createProject(state, 'tools/open', 'public');
  open.allowlist.add('platform/civault');
  open.packages.set('tool/1/tool', contentOf('tool'));
  for (const project of [closed, open]) {
    const url = `${origin}/api/v4/projects/${project.id}/packages/generic/tool/1/tool`;
    makeRelease(project, 'v1', 1, [{ name: 'tool', url }]);
  }
  createProject(state, 'tools/unseen');
  const user = { kind: 'user', user: 'anna', scopes: ['read_api'], isExpired: false } as const;
  state.privateTokens.set(PERSONAL, user);
  state.privateTokens.set(SCOPELESS, { ...user, scopes: ['read_user'] });
  state.privateTokens.set(EXPIRED, { ...user, isExpired: true });
  state.deployTokens.set(DEPLOY, { kind: 'deploy', project: own });
});

const instead = (token: string) => ({ env: { CI_JOB_TOKEN: '', GITLAB_TOKEN: token } });

describe('who is let in', () => {
  test('a personal token reads releases and packages, a deploy token packages', async () => {
    assertDone(await at.download(AMD, instead(PERSONAL)));
    assertDone(await at.download(`--package civault/1.2.3/${AMD}`, instead(DEPLOY)));
  });
  test('nobody in particular, where the project is public', async () => {
    assertDone(await at.download('tool --project tools/open', { env: { CI_JOB_TOKEN: '' } }));
  });
});

describe('who is not', () => {
  for (const [what, args, options, status, message, hint] of [
    [
      'a job whose project is not on the list',
      'tool --project tools/closed',
      {},
      4,
      /tools\/closed does not let the jobs of platform\/civault in \(403\)/,
      new RegExp(`in tools/closed, add platform/civault under ${PAGE}`),
    ],
    [
      'the same, for a package',
      '--package tool/1/tool --project tools/closed',
      {},
      4,
      /not allowed from platform\/civault to tools\/closed/,
      new RegExp(`under ${PAGE}`),
    ],
    [
      'no token',
      AMD,
      { env: { CI_JOB_TOKEN: '' } },
      5,
      /there is no project 100, .* with no token \(404\)/,
      /GITLAB_TOKEN/,
    ],
    [
      'a token of nobody',
      AMD,
      instead('glpat-unknownToken00000'),
      4,
      /does not accept the token in GITLAB_TOKEN \(401\)/,
      /expired/,
    ],
    [
      'a job of nobody',
      AMD,
      { env: { CI_JOB_TOKEN: 'glcbt-0_unknown' } },
      4,
      /the token in CI_JOB_TOKEN \(401\)/,
      /while the job runs/,
    ],
    [
      'an expired token',
      AMD,
      instead(EXPIRED),
      4,
      /\(401\): Token is expired/,
      /put a new one into GITLAB_TOKEN/,
    ],
    [
      'a token without the scope',
      AMD,
      instead(SCOPELESS),
      4,
      /scopes of the token in GITLAB_TOKEN/,
      /needs read_api/,
    ],
    [
      'a deploy token, for a release',
      AMD,
      instead(DEPLOY),
      4,
      /GitLab refuses the releases of 100 \(403\)/,
      /a deploy token reads packages alone/,
    ],
    [
      'whoever may not see the project',
      `${AMD} --project tools/unseen`,
      {},
      5,
      /there is no project tools\/unseen, or it is not to be seen/,
      new RegExp(PAGE),
    ],
    [
      'a project that is not there',
      `${AMD} --project no/such`,
      {},
      5,
      /there is no project no\/such/,
      /check the path/,
    ],
  ] as const) {
    test(what, async () => {
      const run = await at.download(args, options);
      assertEnded(run, status, message, hint);
      assert.deepEqual(at.list(), []);
    });
  }

  test('a job that is over', async () => {
    at.job.job.isRunning = false;
    assertEnded(await at.download(AMD), 4, /does not accept the token in CI_JOB_TOKEN \(401\)/);
  });
});

describe('what is not there', () => {
  test('a tag is told with those that are', async () => {
    at.job.release('v2.0.0', { tool: 'x' });
    const run = await at.download(`${AMD} --tag v1.2.4`);
    assertEnded(run, 5, /the project 100 has no release "v1\.2\.4"/, /hint: there are v1\.2\.3, v2\.0\.0/);
  });
  test('an asset is told with those that are, the nearest first', async () => {
    const run = await at.download('civault-linux-amd46');
    assertEnded(
      run,
      5,
      /has no asset "civault-linux-amd46"/,
      /hint: there are civault-linux-amd64, civault-linux-arm64, /,
    );
  });
  test("a link's file", async () => {
    at.job.release('v0.1.0', { tool: 'tool' }, false);
    at.job.project.packages.delete('civault/0.1.0/tool');
    assertEnded(
      await at.download('tool --tag v0.1.0'),
      5,
      /the release links "tool", and there is no such file .*\(404\)/,
    );
  });
  test("a package's file", async () => {
    assertEnded(
      await at.download('--package civault/1.2.3/none'),
      5,
      /has in civault\/1\.2\.3 no file "none"/,
    );
  });
  test('any release', async () => {
    const project = createProject(at.job.gitlab.state, 'tools/empty', 'public');
    project.allowlist.add('platform/civault');
    assertEnded(await at.download('x --project tools/empty'), 5, /has no release/, /a tag alone is none/);
  });
});
