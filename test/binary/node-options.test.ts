// Proves that NODE_OPTIONS is nothing to the binary, whatever flag of Node's it holds: no code of it runs, no file of it is
// written, nobody listens, nothing is trusted by it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { type Job, startJob } from '../harness/job.ts';
import { assertFetched, judged, REF } from '../harness/judged-run.ts';
import { findNode24 } from '../harness/node24.ts';
import { makeTraps, type TrapFolder } from '../harness/traps.ts';
import { createAuthority } from '../vault/authority.ts';

let job: Job;
let traps: TrapFolder;
let stranger: string;
let untouched: string[];

before(async () => {
  job = await startJob();
  traps = makeTraps();
  stranger = (await createAuthority('A stranger')).certificatePem;
  untouched = traps.state();
});
after(async () => {
  traps.remove();
  await job.end();
});

async function changesNothing(NODE_OPTIONS: string): Promise<void> {
  const env = { ...job.env, HOME: traps.at('home'), TMPDIR: traps.at('tmp'), NODE_OPTIONS };
  const options = { env, cwd: traps.path };
  assertFetched(await judged(['get', REF], options));
  const VAULT_CACERT_BYTES = stranger;
  const { status, stdout, stderr } = await judged(['get', REF], {
    ...options,
    env: { ...env, VAULT_CACERT_BYTES },
  });
  assert.deepEqual({ status, stdout: stdout.toString() }, { status: 7, stdout: '' });
  assert.match(stderr, /^civault: cannot get an answer [^\n]*\ncivault: hint: [^\n]*\n$/);
  assert.deepEqual(traps.state(), untouched, 'a file was written');
}

const FLAGS = [
  // Code.
  '--require ./evil.js',
  '--import ./evil.mjs',
  '--loader ./evil.mjs',
  '--experimental-loader=./evil.mjs',
  '--env-file=.env',
  '--env-file-if-exists=.env',
  '--experimental-default-config-file',
  '--experimental-config-file=node.config.json',
  '--snapshot-blob=evil.so --build-snapshot',
  '--conditions=evil',
  '--interactive',
  // Who listens.
  '--inspect=127.0.0.1:0',
  '--inspect-brk=127.0.0.1:0',
  '--inspect-wait=127.0.0.1:0',
  '--debug-port=0',
  // Files.
  '--cpu-prof --cpu-prof-dir=written',
  '--heap-prof --heap-prof-dir=written',
  '--heapsnapshot-signal=SIGUSR2',
  '--heapsnapshot-near-heap-limit=3',
  '--report-on-signal --report-signal=SIGUSR2',
  '--report-uncaught-exception --report-on-fatalerror --report-dir=written',
  '--diagnostic-dir=written --prof',
  '--redirect-warnings=written/warnings --trace-warnings',
  '--trace-event-categories=node,v8 --trace-event-file-pattern=written/trace',
  '--tls-keylog=written/keys',
  '--perf-basic-prof',
  // What is printed.
  '--trace-tls',
  '--trace-exit',
  '--trace-sigint',
  '--trace-env --trace-env-js-stack',
  '--trace-uncaught --trace-deprecation --pending-deprecation',
  '--enable-source-maps',
  '--title=evil',
  // TLS.
  '--tls-cipher-list=NULL:@SECLEVEL=0',
  '--tls-min-v1.0',
  '--tls-max-v1.2',
  '--openssl-config=openssl.cnf',
  '--openssl-legacy-provider',
  '--openssl-shared-config',
  '--enable-fips',
  '--force-fips',
  '--use-openssl-ca',
  '--use-bundled-ca',
  '--use-system-ca',
  '--insecure-http-parser',
  '--max-http-header-size=1',
  '--secure-heap=2',
  // Names and networks.
  '--dns-result-order=ipv6first',
  '--no-network-family-autoselection',
  '--network-family-autoselection-attempt-timeout=1',
  '--use-env-proxy',
  // What may end a process.
  '--icu-data-dir=/nowhere',
  '--disable-proto=throw',
  '--frozen-intrinsics',
  '--experimental-permission',
  '--permission',
  '--experimental-policy=policy.json',
  '--unhandled-rejections=strict',
  '--max-old-space-size=1',
  '--stack-size=1',
  '--jitless',
  '--test',
  '--watch',
  '--no-such-flag',
  "'",
] as const;

describe('NODE_OPTIONS changes nothing', { concurrency: 3 }, () => {
  for (const flags of FLAGS) test(`with ${flags}`, () => changesNothing(flags));

  const allowed = (node: string): string[] => {
    const script = 'console.log([...process.allowedNodeEnvironmentFlags].join("\\n"))';
    return execFileSync(node, ['-e', script], { encoding: 'utf8' }).trim().split('\n');
  };
  test('with every flag that this Node.js takes there', async () => {
    const flags = allowed(process.execPath);
    assert.ok(flags.length > 100, `${flags.length} flags`);
    await changesNothing(flags.join(' '));
  });
  test('with every flag that Node.js 24 takes there', async (t) => {
    const found = await findNode24();
    if ('why' in found) return t.skip(found.why);
    await changesNothing(allowed(found.path).join(' '));
  });
});
