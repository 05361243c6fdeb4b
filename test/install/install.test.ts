// Proves that each line of docs/install.md installs civault, and that none goes on with a file that is not the right one.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { contentOf } from '../gitlab/server.ts';
import { CIVAULT, whyNoRoot } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { makePlace, type Place } from '../harness/place.ts';
import { JOB_TOKEN, type ReleaseJob, startReleaseJob } from '../harness/release.ts';

const PAGE = readFileSync(new URL('../../docs/install.md', import.meta.url), 'utf8');
const LINES = [...PAGE.matchAll(/^```sh\n(.+)\n```$/gm)].map(([, line = '']) => line);
const YAML = /^```yaml\nbefore_script:\n((?: {2}- .+\n)+)```$/m.exec(PAGE)?.[1] ?? '';
const ENTRIES = YAML.trim()
  .split('\n')
  .map((entry) => entry.trim().slice(2))
  .join('\n');
const TARGET = '/usr/local/bin/civault';
const NAME = 'civault-linux-amd64';

test('every block of the page is one that is run here', () => {
  const blocks = [...PAGE.matchAll(/^```(\w+)$/gm)].map(([, language]) => language);
  const count = (wanted: string) => blocks.filter((language) => language === wanted).length;
  assert.deepEqual(
    { sh: count('sh'), yaml: count('yaml'), Dockerfile: count('Dockerfile'), all: blocks.length },
    { sh: LINES.length, yaml: 1, Dockerfile: 2, all: LINES.length + 3 },
  );
  assert.match(ENTRIES, /^wget .+\necho .+\nchmod \+x /);
  assert.ok(LINES.length >= 7);
});

test('the line of the README is one of them', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, line = ''] = /^ {3}```sh\n {3}(wget .+)\n {3}```$/m.exec(readme) ?? [];
  assert.ok(LINES.includes(line), line);
});

const why = whyNoRoot();
describe('docs/install.md', { skip: why === undefined ? false : `it writes ${TARGET}: ${why}` }, () => {
  let job: ReleaseJob;
  let place: Place;
  let sha256: string;
  let target: string;
  const binary = readFileSync(CIVAULT);

  before(async () => {
    // Plain http: BusyBox's TLS does not go with Node's, and the certificate is none that it would check.
    job = await startReleaseJob({ tls: false });
    place = makePlace();
    target = join(place.root ?? '', TARGET);
    mkdirSync(join(target, '..'), { recursive: true });
    sha256 = createHash('sha256').update(binary).digest('hex');
    const put = (name: string, bytes: Buffer) =>
      job.project.packages.set(`civault/1.2.3/${name}`, contentOf(bytes));
    put(NAME, binary);
    put(`${NAME}.gz`, gzipSync(binary, { level: 1 }));
    put(
      `${NAME}.xz`,
      execFileSync('xz', ['-0', '-c', '--check=crc32'], { input: binary, maxBuffer: 2 ** 27 }),
    );
  });
  after(async () => {
    place?.remove();
    await job?.gitlab.close();
  });
  beforeEach(() => {
    rmSync(target, { force: true });
    job.gitlab.requests.length = 0;
    job.gitlab.intercept = undefined;
    job.project.storage = 'own';
  });

  const run = (line: string, changes: Readonly<Record<string, string>> = {}) => {
    job.project.visibility = /CI_JOB_TOKEN|^civault/.test(line) ? 'private' : 'public';
    const script = `set -e\n${line}\necho installed`;
    const variables = { ...job.env, CIVAULT_URL: job.urlOf(NAME), CIVAULT_SHA256: sha256, ...changes };
    if (!/\bcurl /.test(line)) return place.run(script, { env: variables });
    // On this machine, into the root's folder: the root has no curl.
    const outside = script.replaceAll(TARGET, target);
    return runCommand('/bin/sh', ['-c', outside], { env: { PATH: '/usr/bin:/bin', ...variables } });
  };
  const isExecutable = () => existsSync(target) && (statSync(target).mode & 0o111) !== 0;
  const short = (line: string) => line.replace(/"\$CI_API.*?"/, '…').slice(0, 60);

  for (const line of [...LINES, ENTRIES]) {
    const isOwn = line.startsWith('civault');
    test(`installs: ${short(line)}`, async () => {
      const { status, stdout, stderr } = await run(line);
      assert.equal(status, 0, stderr);
      assert.match(stdout.toString(), /installed\n$/);
      const { stdout: version } = await runCommand(target, ['--version'], { env: {} });
      assert.match(version.toString(), /^civault \d/);
      assert.ok(!`${stdout}${stderr}`.includes(JOB_TOKEN));
    });

    test(`ends the job for another file: ${short(line)}`, async () => {
      const { status, stdout } = await run(line, {
        CIVAULT_SHA256: sha256.replace(/./, (digit) => (digit === '0' ? '1' : '0')),
      });
      assert.notEqual(status, 0);
      assert.doesNotMatch(stdout.toString(), /installed/);
      assert.equal(isExecutable(), false);
    });

    test(`ends the job where the file is cut: ${short(line)}`, async () => {
      job.gitlab.storage.cutAfter = 1_000_000;
      const { status, stdout } = await run(isOwn ? `${line} --retries 0` : line).finally(() => {
        job.gitlab.storage.cutAfter = undefined;
      });
      assert.notEqual(status, 0);
      assert.doesNotMatch(stdout.toString(), /installed/);
      assert.equal(isExecutable(), false);
      rmSync(`${target}.part`, { force: true });
    });

    test(`ends the job where there is a sign-in page in its place: ${short(line)}`, async () => {
      job.gitlab.intercept = (_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<!DOCTYPE html><title>Sign in · GitLab</title>');
      };
      const { status, stdout } = await run(line);
      assert.notEqual(status, 0);
      assert.doesNotMatch(stdout.toString(), /installed/);
      assert.equal(isExecutable(), false);
    });
  }

  test('what the page says of the token: wget sends it on to the storage, curl and civault do not', async () => {
    job.project.storage = 'object';
    for (const line of LINES.filter((each) => /CI_JOB_TOKEN|^civault/.test(each))) {
      job.gitlab.requests.length = 0;
      rmSync(target, { force: true });
      const { status, stderr } = await run(line);
      assert.equal(status, 0, stderr);
      const tokens = job.gitlab.requests
        .filter(({ server }) => server === 'storage')
        .map(({ headers }) => headers['job-token'] ?? headers.authorization);
      assert.deepEqual([...new Set(tokens)], [line.startsWith('wget') ? JOB_TOKEN : undefined], line);
    }
  });
});
