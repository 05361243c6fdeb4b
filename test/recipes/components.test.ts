// Proves the components: that their documented examples run, in BusyBox and as they stand, with civault from a stand-in for GitLab's package
// registry; and that they fail where Vault refuses, or another file lies in civault's place.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Seen } from '../gitlab/server.ts';
import { JOB_TOKEN } from '../harness/release.ts';
import { plainCalls } from './cases.ts';
import { type ComponentBench, openComponentBench, type Play } from './component-bench.ts';
import { blocksOf } from './documents.ts';
import { ALPINE, SONAR_ALPINE, SONAR_GLIBC, whyNoImages } from './image.ts';
import type { PipelineRun } from './pipeline.ts';
import { jobTokenOf } from './shelf.ts';
import { tool, variableIs } from './tools.ts';

const FILE = 'docs/components.md';
const NEXUS = 'secret/data/nexus/svc-orchestrator';
const SONAR = 'secret/data/sonarqube/svc-orchestrator';
const DOJO = 'secret/data/defectdojo/svc-orchestrator';

describe('components, run', { skip: whyNoImages() ?? false, concurrency: 1 }, () => {
  let bench: ComponentBench;
  const used = new Set<number>();

  before(async () => {
    bench = await openComponentBench();
  });
  after(() => bench?.end());

  const play = (given: Play): Promise<PipelineRun> => bench.play(given);
  const example = (number: number): string => {
    used.add(number);
    return blocksOf(FILE)[number - 1]?.text ?? '';
  };
  const trivy = (): Record<string, string> => ({
    'usr/local/bin/trivy': tool([
      variableIs('TRIVY_USERNAME', bench.secret(NEXUS, 'username')),
      variableIs('TRIVY_PASSWORD', bench.secret(NEXUS, 'password')),
      variableIs('DEFECTDOJO_TOKEN', bench.secret(DOJO, 'token')),
    ]),
  });
  const sonar = (): Record<string, string> => ({
    'opt/sonar-scanner/bin/sonar-scanner': tool([
      variableIs('SONAR_TOKEN', bench.secret(SONAR, 'token')),
      variableIs('SONAR_HOST_URL', bench.secret(SONAR, 'url')),
    ]),
  });

  test('secrets: the first example; civault is fetched with the token, from the registry named', async () => {
    const { passed, calls, log } = await play({ yaml: example(1), job: 'trivy', programs: trivy() });
    assert.equal(passed, true, log);
    assert.deepEqual(plainCalls(calls), ['trivy image IMAGE']);
    const [first] = bench.plain.gitlab.requests;
    assert.equal(
      first?.path,
      '/api/v4/projects/platform%2Fcivault/packages/generic/civault/0.1.0/civault-linux-amd64',
    );
    assert.equal(first?.headers['job-token'], JOB_TOKEN);
    // As the page says of wget.
    assert.deepEqual(tokens(bench.plain.gitlab.requests, 'storage'), [JOB_TOKEN]);
    assert.deepEqual(bench.job.vault.liveTokens(), []);
  });

  test('secrets: a file of the checkout that a MAPPING matches as a pattern changes nothing', async () => {
    const files = { [`TRIVY_EVIL=${NEXUS}`]: '', [`TRIVY_WORSE=${NEXUS}`]: '' };
    const { passed, log } = await play({ yaml: example(1), job: 'trivy', programs: trivy(), files });
    assert.equal(passed, true, log);
  });

  test('secrets: refused by Vault, the job fails and its tool is left alone', async () => {
    const { passed, calls, log } = await play({
      yaml: example(1),
      job: 'trivy',
      programs: trivy(),
      turn: 'refused',
    });
    assert.equal(passed, false);
    assert.deepEqual(calls, []);
    assert.match(log, /does not accept this job's audience/);
  });

  for (const [what, sha256, says] of [
    ['another checksum', '0'.repeat(64), /FAILED/],
    ['no checksum', '', /civault's checksum is missing/],
  ] as const) {
    test(`secrets: with ${what}, the job fails before civault is run`, async () => {
      bench.job.vault.requests.length = 0;
      const variables = { CIVAULT_SHA256: sha256 };
      const { passed, calls, log } = await play({
        yaml: example(1),
        job: 'trivy',
        programs: trivy(),
        variables,
      });
      assert.equal(passed, false);
      assert.deepEqual(calls, []);
      assert.match(log, says);
      assert.deepEqual(bench.job.vault.requests, []);
    });
  }

  test("secrets: the second example, with a job's own before_script, as uid 1000", async () => {
    const { passed, calls, log } = await play({
      yaml: example(2),
      job: 'sonarqube-scan',
      image: SONAR_ALPINE,
      programs: sonar(),
    });
    assert.equal(passed, true, log);
    assert.deepEqual(calls, ['sonar-scanner --version', 'sonar-scanner']);
  });

  test('secrets: the same on glibc with curl, by TLS; the token is in no argument, and goes to GitLab alone', async () => {
    const curl = `#!/bin/sh\nprintf '%s\\n' "curl $*" >>/seen/calls\nexec /usr/bin/curl "$@"\n`;
    const { passed, calls, log } = await play({
      yaml: example(2),
      job: 'sonarqube-scan',
      image: SONAR_GLIBC,
      programs: { ...sonar(), 'usr/local/bin/curl': curl },
      from: bench.byTls,
    });
    assert.equal(passed, true, log);
    const [fetched, ...others] = calls;
    assert.match(fetched ?? '', /^curl -K - .*civault-linux-amd64$/);
    assert.equal(fetched?.includes(JOB_TOKEN), false);
    assert.deepEqual(others, ['sonar-scanner --version', 'sonar-scanner']);
    const { requests } = bench.byTls.gitlab;
    assert.deepEqual(tokens(requests, 'gitlab'), [JOB_TOKEN]);
    // GitLab takes a job's token by that user's name alone (lib/gitlab/auth/auth_finders.rb, CI_JOB_USER).
    const basic = Buffer.from(`gitlab-ci-token:${JOB_TOKEN}`).toString('base64');
    assert.equal(requests[0]?.headers.authorization, `Basic ${basic}`);
    assert.deepEqual(tokens(requests, 'storage'), [undefined]);
  });

  test('secrets: address, role, url, folder, and civault of the image', async () => {
    const inputs = (lines: Record<string, string>): string =>
      example(1).replace(
        'inputs:',
        `inputs:\n${Object.entries(lines)
          .map(([name, value]) => `      ${name}: ${value}`)
          .join('\n')}`,
      );
    const elsewhere = {
      address: bench.job.vault.address,
      role: 'nexus-ci',
      url: bench.shelf.url,
      folder: '/opt/civault',
    };
    const fetched = await play({
      yaml: inputs(elsewhere),
      job: 'trivy',
      programs: trivy(),
      variables: { VAULT_ADDR: 'https://127.0.0.1:1', CI_API_V4_URL: 'https://127.0.0.1:1/api/v4' },
    });
    assert.equal(fetched.passed, true, fetched.log);
    assert.deepEqual(bench.shelf.asked.splice(0), [{ path: '/civault', jobToken: undefined }]);
    assert.match(fetched.log, /\/opt\/civault\/civault: OK/);
  });

  test('secrets: civault of the image, and none there', async () => {
    const yaml = example(1).replace('inputs:', 'inputs:\n      install: image');
    const variables = { CIVAULT_SHA256: '' };
    const held = await play({
      yaml,
      job: 'trivy',
      image: { ...ALPINE, holdsCivault: true },
      programs: trivy(),
      variables,
    });
    assert.equal(held.passed, true, held.log);
    const without = await play({ yaml, job: 'trivy', programs: trivy(), variables });
    assert.equal(without.passed, false);
    assert.deepEqual(without.calls, []);
    assert.deepEqual(bench.plain.gitlab.requests, []);
  });

  test('secrets: a mapping that looks like commands, patterns and flags of the shell is split and no more', async () => {
    // GitLab would not let it in; gitlab-ci-local knows no patterns.
    const hostile = '$(touch /seen/ran) `touch /seen/ran` ; touch /seen/ran & {a,b}* ~ $HOSTILE';
    const yaml = example(1).replace(/mapping: >-\n(?: {8}.*\n)+/, () => `mapping: '${hostile}'\n`);
    const { passed, calls, log, exists } = await play({
      yaml,
      job: 'trivy',
      programs: trivy(),
      // A CI/CD variable may hold anything: it is expanded by GitLab, and stays one word or several.
      variables: { HOSTILE: '$(touch /seen/ran);`touch /seen/ran`\'"' },
    });
    assert.equal(passed, false);
    assert.deepEqual(calls, []);
    assert.match(log, /civault: /);
    assert.doesNotMatch(log, /syntax error|unterminated/);
    assert.equal(exists('seen/ran'), false);
  });

  test('download: its example, from the release of another project', async () => {
    const { passed, calls, log } = await play({ yaml: example(3), job: 'use-tool' });
    assert.equal(passed, true, log);
    assert.deepEqual(calls, ['tool --version']);
    assert.match(log, /tool 2\.0\.0/);
    assert.ok(bench.plain.gitlab.requests.some(({ path }) => path.includes('/releases/v2.0.0')));
  });

  test('download: what looks like flags is none', async () => {
    // GitLab would not let these in; gitlab-ci-local knows no patterns. A CI/CD variable may hold anything.
    const yaml = example(3).replace('tool-linux-amd64', '$HOSTILE').replace('tag: v2.0.0', 'tag: $HOSTILE');
    const variables = { HOSTILE: '--package=civault/0.1.0/civault-linux-amd64' };
    const { passed, calls, log } = await play({ yaml, job: 'use-tool', variables });
    assert.equal(passed, false);
    assert.deepEqual(calls, []);
    assert.match(log, /civault: /);
    assert.doesNotMatch(log, /\(exit 2\)|unknown flag|needs a value/);
    const [, ...after] = bench.plain.gitlab.requests.filter(({ server }) => server === 'gitlab');
    assert.deepEqual(
      after.filter(({ path }) => path.includes('/packages/')),
      [],
    );
  });

  test('download: with all that its inputs leave out, the latest release of the own project', async () => {
    const yaml = example(3)
      .replace(/ {6}(project|tag|output|executable): .*\n/g, '')
      .replace('tool-linux-amd64', 'notes.txt');
    const { passed, log, exists } = await play({
      yaml: yaml.replace('./tool --version', 'cat notes.txt'),
      job: 'use-tool',
    });
    assert.equal(passed, true, log);
    assert.match(log, /what is new/);
    assert.equal(exists('builds/orchestrator/app/notes.txt'), true);
  });

  test('download: another checksum than the file has: the job fails, and the file is not there', async () => {
    const yaml = example(3).replace('executable: true', `sha256: ${'0'.repeat(64)}`);
    const { passed, calls } = await play({ yaml, job: 'use-tool' });
    assert.equal(passed, false);
    assert.deepEqual(calls, []);
  });

  test('every block of the page was run', () => {
    assert.deepEqual(
      blocksOf(FILE).map(({ number, language, mark }) => [number, language, mark]),
      [...used].sort().map((number) => [number, 'yaml', undefined]),
    );
  });
});

/** The token of each request that came to one of the servers. */
function tokens(requests: readonly Seen[], at: Seen['server']): (string | undefined)[] {
  return requests.filter(({ server }) => server === at).map((request) => jobTokenOf(request));
}
