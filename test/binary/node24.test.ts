// Proves that the bundle, which a release puts into Node.js 24, does its main jobs there: the static Node.js 24 is to be
// had only where GitHub is, npm's is the same sources.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SILENCED, SILENCED_SINCE_22 } from '../../build/adapt.ts';
import { OPTIONS } from '../../build/binary.ts';
import { bundle } from '../../build/bundle.ts';
import { codeCacheAround } from '../../build/code-cache.ts';
import { runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { findNode24 } from '../harness/node24.ts';

const found = await findNode24();
const node = 'path' in found ? found.path : '';
const skip = 'why' in found ? found.why : false;
const PATH = 'secret/data/nexus/svc-orchestrator';

describe('the bundle on Node.js 24', { skip }, () => {
  let job: Job;
  let folder: string;
  let script: string;

  before(async () => {
    job = await startJob();
    folder = mkdtempSync(join(tmpdir(), 'civault-node24-'));
    script = join(folder, 'civault.cjs');
    writeFileSync(script, (await bundle('v24.0.0')).text);
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await job?.end();
  });

  const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const outcome = await runCommand(node, [...OPTIONS, script, ...args], {
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', ...job.env, ...env },
    });
    return { ...outcome, stdout: outcome.stdout.toString() };
  };
  const password = () => String(job.guide.secrets[PATH]?.['password']);

  test('says which it is', async () => {
    const { status, stdout, stderr } = await run(['--version']);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.match(stdout, /^civault \S+ .*24/);
  });

  test('gets a field over TLS, and ends its token', async () => {
    const { status, stdout, stderr } = await run(['get', `${PATH}#password`]);
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: password(), stderr: '' });
    assert.deepEqual(job.vault.liveTokens(), []);
  });

  test('gives a shell what it evaluates', async () => {
    const { status, stdout, stderr } = await run(['env', `TRIVY_*=${PATH}`]);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    const shell = await runCommand('/bin/sh', ['-c', `${stdout}\nprintf %s "$TRIVY_PASSWORD"`], {});
    assert.equal(shell.stdout.toString(), password());
  });

  test('masks what a command writes, and ends as it does', async () => {
    const child = 'printf "%s|%s" "$A" "$A" | base64; printf "<%s>" "$A"; exit 9';
    const { status, stdout, stderr } = await run(['exec', `A=${PATH}#password`, '--', 'sh', '-c', child]);
    assert.deepEqual({ status, stderr }, { status: 9, stderr: '' });
    assert.match(stdout, /^(?!cCdh)[^<]*<\[MASKED\]>$/);
  });

  test('fills a template, writes a file and a registry’s login', async () => {
    writeFileSync(join(folder, 'in'), `<p>{{ civault ${PATH}#password | base64 }}</p>`);
    const injected = await run(['inject', 'in', '--output', 'out']);
    assert.deepEqual([injected.status, injected.stderr], [0, '']);
    const encoded = Buffer.from(password()).toString('base64');
    assert.equal(readFileSync(join(folder, 'out'), 'utf8'), `<p>${encoded}</p>`);
    const login = await run(['docker-login', 'registry.example.com', PATH], { DOCKER_CONFIG: folder });
    assert.equal(login.status, 0, login.stderr);
    assert.match(readFileSync(join(folder, 'config.json'), 'utf8'), /"registry\.example\.com"/);
  });

  test('doctor finds all well', async () => {
    const { status, stdout } = await run(['doctor', `${PATH}#password`]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^ok {4}login/m);
  });

  for (const [what, args, env, status, says] of [
    ['a role that is not there', ['get', `${PATH}#password`], { VAULT_ROLE: 'none' }, 4, /role "none"/],
    ['a field that is not there', ['get', `${PATH}#passwort`], {}, 5, /did you mean "password"/],
    [
      'a CA that is none of its',
      ['get', `${PATH}#password`],
      { VAULT_CACERT_BYTES: '', VAULT_CACERT: '', SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: '/nonexistent' },
      7,
      /certificate/,
    ],
    [
      'nobody at the address',
      ['token', '--retries', '0'],
      { VAULT_ADDR: 'https://127.0.0.1:1' },
      6,
      /it refuses connections/,
    ],
  ] as const) {
    test(`tells ${what}`, async () => {
      const outcome = await run(args, env);
      assert.match(outcome.stderr, says);
      assert.deepEqual([outcome.status, outcome.stdout], [status, '']);
    });
  }
});

describe('Node.js 24, as the build adapts it', { skip }, () => {
  const bytes = skip === false ? readFileSync(node) : Buffer.alloc(0);

  for (const name of [...SILENCED, ...SILENCED_SINCE_22].filter((one) => !one.startsWith('PKG_'))) {
    test(`reads ${name}, by a string of its own`, () => {
      assert.ok(bytes.indexOf(`\0${name}\0`) >= 0);
    });
  }

  test('has V8’s code cache for built-in modules, one behind the other, as long as their headers say', () => {
    // Each begins alike: the mark that most often stands in the file.
    const counts = new Map<string, number>();
    for (let at = bytes.indexOf('dec0', 0, 'hex'); at >= 0; at = bytes.indexOf('dec0', at + 1, 'hex')) {
      const header = bytes.subarray(at - 2, at + 6).toString('hex');
      counts.set(header, (counts.get(header) ?? 0) + 1);
    }
    const [header = '', count = 0] = [...counts].sort(([, one], [, other]) => other - one)[0] ?? [];
    assert.ok(count > 300, `${count}`);
    const first = bytes.indexOf(header, 0, 'hex');
    const second = bytes.indexOf(header, first + 1, 'hex');
    assert.equal(codeCacheAround(bytes, second - 40, 24), first);
    assert.equal(codeCacheAround(bytes, second + 40, 24), second);
  });
});
