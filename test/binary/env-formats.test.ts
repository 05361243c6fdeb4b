// Proves on the binary, in a BusyBox-only root where there can be one, that each format of `env` gives its readers the very values, on
// standard output and in a file, and that a failed run leaves nothing that could be taken for a result.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { parse } from 'dotenv';
import type { Outcome } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { markSecrets } from '../harness/leaks.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

const PATH = 'secret/data/ci/formats';
// In the order of Vault's answers.
const ONE_LINE = {
  empty: '',
  password: `it's "quoted" $HOME \\n #not a comment`,
  serial: '00012345678901234567890',
  username: 'svc-orchestrator',
};
const PEM = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END PRIVATE KEY-----\n';
const prefixed = (fields: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(fields).map(([field, value]) => [`X_${field.toUpperCase()}`, value]));

describe('the formats of env', () => {
  let job: Job;
  let place: Workplace;

  before(async () => {
    job = await startJob();
    place = makeWorkplace();
    markSecrets([ONE_LINE.password, ONE_LINE.serial, PEM]);
    await put(PATH, ONE_LINE);
    await put(`${PATH}-pem`, { key: PEM, user: 'ci' });
  });
  after(async () => {
    place?.remove();
    await job?.end();
  });
  beforeEach(() => {
    job.vault.requests.length = 0;
    place.empty();
  });

  const put = (path: string, data: object) => job.vault.request('POST', path, { data });
  const run = (script: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> =>
    place.run(`cd ${place.folder} && ${script}`, { env: { ...job.env, ...env } });
  const said = ({ status, stdout, stderr }: Outcome) => ({ status, stdout: stdout.toString(), stderr });
  const MAPPING = `'X_*=${PATH}'`;

  test('dotenv', async () => {
    const { status, stdout, stderr } = said(
      await run(`civault env --format dotenv ${MAPPING} Y=${PATH}-pem#key`),
    );
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.deepEqual(parse(stdout), { ...prefixed(ONE_LINE), Y: PEM });
  });

  test('docker', async () => {
    const { status, stdout, stderr } = said(await run(`civault env --format=docker ${MAPPING}`));
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    const lines = Object.entries(prefixed(ONE_LINE)).map(([name, value]) => `${name}=${value}\n`);
    assert.equal(stdout, lines.join(''));
  });

  test('json, with what no environment could hold', async () => {
    const odd = { user: 'ci', nul: 'a\0b', large: 'x'.repeat(200_000), list: [1, '2'] };
    await put(`${PATH}-odd`, odd);
    const { status, stdout } = await run(`civault env --format json '*=${PATH}-odd' Y=${PATH}-pem#key`);
    assert.equal(status, 0);
    assert.match(stdout.toString(), /^\{"[^\n]*\}\n$/);
    const wanted = { USER: 'ci', NUL: 'a\0b', LARGE: odd.large, LIST: '[1,"2"]', Y: PEM };
    assert.deepEqual(JSON.parse(stdout.toString()), wanted);
  });

  test("json, read by Python's json", async (t) => {
    const { stdout } = await run(`civault env --format json ${MAPPING} Y=${PATH}-pem#key`);
    const program =
      'import json, sys; o = json.load(sys.stdin); print(json.dumps([list(o), list(o.values())]))';
    const { error, status, stdout: read } = spawnSync('python3', ['-c', program], { input: stdout });
    if (error !== undefined) return t.skip('there is no python3');
    const wanted = { ...prefixed(ONE_LINE), Y: PEM };
    assert.deepEqual(
      [status, JSON.parse(read.toString())],
      [0, [Object.keys(wanted), Object.values(wanted)]],
    );
  });

  test('sh in a file, which the job reads: mode 0600, nothing on standard output, one login', async () => {
    const script = `set -e; umask 0; civault env --output job.env ${MAPPING}; . ./job.env; printf %s "$X_PASSWORD"`;
    assert.deepEqual(said(await run(script)), { status: 0, stdout: ONE_LINE.password, stderr: '' });
    assert.equal(statSync(join(place.outside, 'job.env')).mode & 0o777, 0o600);
    assert.equal(job.vault.requests.filter(({ path }) => path.endsWith('/login')).length, 1);
    assert.deepEqual(readdirSync(place.outside), ['job.env']);
  });

  for (const format of ['sh', 'dotenv', 'docker', 'json']) {
    test(`${format} in a file is what it is on standard output, which --output - means as well`, async () => {
      const { stdout } = await run(`civault env --format ${format} ${MAPPING}`);
      await run(`civault env --format ${format} --output=x ${MAPPING}`);
      assert.equal(readFileSync(join(place.outside, 'x'), 'utf8'), stdout.toString());
      assert.deepEqual((await run(`civault env --format ${format} --output - ${MAPPING}`)).stdout, stdout);
    });
  }

  test('a GitLab job that writes a dotenv file is warned, on standard error alone', async () => {
    const { status, stdout, stderr } = said(
      await run(`civault env --format dotenv A=${PATH}#username`, { GITLAB_CI: 'true' }),
    );
    assert.deepEqual({ status, stdout }, { status: 0, stdout: "A='svc-orchestrator'\n" });
    assert.equal(
      stderr,
      'civault: warning: as artifacts:reports:dotenv, GitLab would store these values unmasked, to be downloaded\n' +
        'civault: hint: let each job that needs them run civault itself; keep the file out of artifacts: and cache:\n',
    );
  });

  for (const [format, says] of [
    ['docker', 'the value for KEY holds a line break, which no line of an --env-file can hold'],
    ['dotenv', 'the value for KEY cannot be written for dotenv'],
  ] as const) {
    test(`${format}: what it cannot hold is told by the variable's name; the old file stays, the token does not`, async () => {
      await put(`${PATH}-hard`, { key: `hard'"\`\n${PEM}`, user: 'ci' });
      writeFileSync(join(place.outside, 'old'), 'OLD=1\n');
      for (const flags of ['', '--output old']) {
        const { status, stdout, stderr } = said(
          await run(`civault env --format ${format} ${flags} '*=${PATH}-hard'`),
        );
        assert.deepEqual({ status, stdout }, { status: 2, stdout: '' }, stderr);
        assert.ok(stderr.startsWith(`civault: ${says}`), stderr);
      }
      assert.equal(readFileSync(join(place.outside, 'old'), 'utf8'), 'OLD=1\n');
      assert.deepEqual([readdirSync(place.outside), job.vault.liveTokens()], [['old'], []]);
    });
  }

  test('a failure of sh ends a script that evaluates it; one that goes to a file does so by its status', async () => {
    for (const script of [
      `set -e; eval "$(civault env A=${PATH}#absent)"; echo not reached`,
      `set -e; eval "$(civault env --output - A=${PATH}#absent)"; echo not reached`,
      `set -e; civault env --output f A=${PATH}#absent; echo not reached`,
      `set -e; civault env --format json A=${PATH}#absent; echo not reached`,
    ]) {
      const { status, stdout, stderr } = said(await run(script));
      assert.deepEqual({ status, stdout }, { status: 5, stdout: '' }, stderr);
    }
    assert.deepEqual(readdirSync(place.outside), []);
  });

  test('a file that cannot be written is told before anything is asked of Vault', async () => {
    const { status, stdout, stderr } = said(await run(`civault env --output none/f ${MAPPING}`));
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    assert.match(
      stderr,
      /^civault: cannot write none\/f: there is no such folder \(ENOENT\)\ncivault: hint: make it first/,
    );
    assert.deepEqual(job.vault.requests, []);
  });

  test('every field that makes no variable is told, of every secret', async () => {
    await put(`${PATH}-bad`, { path: 'x', 'ld-preload': 'x', '2fa': 'x', user: 'ci' });
    await put(`${PATH}-worse`, { home: 'x' });
    const { status, stdout, stderr } = said(await run(`civault env ${PATH}-bad ${PATH}-worse`));
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '(exit 2)\n' });
    const [first, ...lines] = stderr.split('\n');
    assert.equal(first, 'civault: 4 fields cannot become variables:');
    assert.deepEqual(lines.sort(), [
      '',
      `    the field "2fa" of ${PATH}-bad makes no variable name`,
      `    the field "home" of ${PATH}-worse would set HOME, which decides where programs keep and find their files`,
      `    the field "ld-preload" of ${PATH}-bad would set LD_PRELOAD, which steers the dynamic linker`,
      `    the field "path" of ${PATH}-bad would set PATH, which decides which programs run`,
      'civault: hint: give each a name of its own: NAME=PATH#FIELD (docs/errors.md#config)',
    ]);
  });

  test('two fields of one name are told with where they are', async () => {
    const { status, stderr } = said(await run(`civault env ${MAPPING} X_USERNAME=${PATH}-pem#user`));
    assert.equal(status, 2);
    assert.equal(
      stderr,
      `civault: the variable X_USERNAME would be set twice: from ${PATH}#username and ${PATH}-pem#user\n` +
        'civault: hint: give one of the two fields a name of its own: NAME=REF#FIELD (docs/errors.md#config)\n',
    );
  });
});
