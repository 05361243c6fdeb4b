// Proves that no variable which Node, OpenSSL or pkg reads changes what the binary does: it runs no code, weakens no
// TLS, writes no file and prints no token.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { createAuthority } from '../vault/authority.ts';

const REF = 'secret/data/sonarqube/svc-orchestrator#url';
let job: Job;
let folder: string;

before(async () => {
  job = await startJob();
  folder = mkdtempSync(join(tmpdir(), 'civault-env-'));
  // What would run or count if the working directory or a variable were trusted.
  const evil = 'require("fs").writeFileSync("ran", ""); console.log("EVIL")';
  for (const name of ['get', 'evil.js', 'index.js', 'civault']) writeFileSync(join(folder, name), evil);
  writeFileSync(join(folder, 'package.json'), '{"type":"module","main":"evil.js"}');
  writeFileSync(join(folder, '.npmrc'), 'node-options=--require ./evil.js');
  writeFileSync(join(folder, 'openssl.cnf'), 'nodejs_conf = bad\n[bad]\nssl_conf = nowhere\n[[[');
  mkdirSync(join(folder, 'node_modules/minimist'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/minimist/index.js'), evil);
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await job.end();
});

const here = (name: string) => join(folder, name);

const HARMLESS: readonly (readonly [name: string, value: string | (() => string)])[] = [
  ['NODE_OPTIONS', '--require ./evil.js'],
  ['NODE_OPTIONS', '--inspect-brk=127.0.0.1:0'],
  ['NODE_OPTIONS', '--no-such-flag'],
  ['NODE_DEBUG', 'http,https,tls,net,fs,module'],
  ['NODE_DEBUG_NATIVE', 'tls,inspector_server,diagnostics'],
  ['NODE_V8_COVERAGE', () => here('coverage')],
  ['NODE_CHANNEL_FD', '1'],
  ['NODE_CHANNEL_SERIALIZATION_MODE', 'advanced'],
  ['NODE_UNIQUE_ID', '1'],
  ['NODE_REDIRECT_WARNINGS', () => here('warnings')],
  ['NODE_ICU_DATA', '/nowhere'],
  ['NODE_PATH', () => here('node_modules')],
  ['NODE_PENDING_DEPRECATION', '1'],
  ['NODE_PRESERVE_SYMLINKS', '1'],
  ['NODE_PRESERVE_SYMLINKS_MAIN', '1'],
  ['NODE_REPL_EXTERNAL_MODULE', () => here('evil.js')],
  ['NODE_TEST_CONTEXT', 'child-v8'],
  ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
  ['NODE_NO_WARNINGS', '0'],
  ['NODE_EXTRA_CA_CERTS', '/nowhere'],
  ['NODE_COMPILE_CACHE', () => here('cache')],
  ['NODE_USE_ENV_PROXY', '1'],
  ['PKG_EXECPATH', 'PKG_INVOKE_NODEJS'],
  ['PKG_NATIVE_CACHE_PATH', () => here('native')],
  ['PKG_DEBUG', '1'],
  ['OPENSSL_ia32cap', '0xffffffffffffffff:0xffffffffffffffff'],
  ['OPENSSL_CONF', () => here('openssl.cnf')],
  ['OPENSSL_MODULES', () => folder],
  ['OPENSSL_ENGINES', () => folder],
  ['LD_PRELOAD', () => here('evil.so')],
  ['SSLKEYLOGFILE', () => here('keys')],
  ['UV_THREADPOOL_SIZE', '0'],
  ['MALLOC_CHECK_', '3'],
  ['FORCE_COLOR', '3'],
];

for (const [name, given] of HARMLESS) {
  const shown = typeof given === 'string' ? given : 'a path';
  test(`${name}=${shown} changes nothing`, async () => {
    const value = typeof given === 'string' ? given : given();
    const files = readdirSync(folder).sort();
    const env = { ...job.env, [name]: value };
    const { status, stdout, stderr } = await runCommand(CIVAULT, ['get', REF], { env, cwd: folder });
    assert.deepEqual(
      { status, stdout: stdout.toString(), stderr },
      { status: 0, stdout: 'https://sonarqube.shared.cwiq.io', stderr: '' },
    );
    assert.deepEqual(readdirSync(folder).sort(), files);
    assert.ok(!existsSync(here('ran')));
  });
}

for (const [name, value] of [
  ['NODE_TLS_REJECT_UNAUTHORIZED', () => '0'],
  ['NODE_EXTRA_CA_CERTS', () => job.caFile],
] as const) {
  test(`${name} cannot make an unknown CA trusted`, async () => {
    const stranger = await createAuthority('A stranger');
    const env = { ...job.env, VAULT_CACERT_BYTES: stranger.certificatePem, [name]: value() };
    const { status, stdout } = await runCommand(CIVAULT, ['get', REF], { env });
    assert.deepEqual({ status, stdout: stdout.toString() }, { status: 7, stdout: '' });
  });
}

test("Node's own flags on the command line are civault's to refuse", async () => {
  for (const flag of ['--inspect', '--eval=1', '-e', '--require=./evil.js', '--print=1', '-p']) {
    const { status, stdout, stderr } = await runCommand(CIVAULT, ['get', REF, flag], {
      env: job.env,
      cwd: folder,
    });
    assert.deepEqual({ status, stdout: stdout.toString() }, { status: 2, stdout: '' }, flag);
    assert.match(stderr, /unknown flag/);
  }
});
