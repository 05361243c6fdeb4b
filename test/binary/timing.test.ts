// Proves that --timing tells every phase of a run of the binary, on standard error alone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';

let job: Job;
before(async () => {
  job = await startJob();
});
after(() => job.end());

test('every phase has a time, and the result is as without it', async () => {
  const secret = 'secret/data/nexus/svc-orchestrator#username';
  const [plain, timed] = [
    await runCommand(CIVAULT, ['get', secret], { env: job.env }),
    await runCommand(CIVAULT, ['get', '--timing', secret], { env: job.env }),
  ];
  assert.deepEqual(timed.stdout, plain.stdout);
  const rows = [...timed.stderr.matchAll(/^civault: {3}([\w ]+?) +(\d+\.\d)$/gm)];
  const phases = rows.map(([, phase = '']) => phase);
  // The connection comes about while https is loaded: either may be the first.
  const isBeside = (phase: string) => ['connect', 'https', 'TLS handshake'].includes(phase);
  assert.deepEqual(phases.filter(isBeside).sort(), ['TLS handshake', 'connect', 'https']);
  assert.ok(phases.indexOf('connect') < phases.indexOf('TLS handshake'));
  assert.deepEqual(
    phases.filter((phase) => !isBeside(phase)),
    [
      'runtime',
      'modules',
      'settings',
      'TLS context',
      'login',
      'read',
      'write',
      'revoke',
      'the rest',
      'in all',
    ],
  );
  const times = rows.map(([, , time]) => Number(time));
  const sum = times.slice(0, -1).reduce((all, time) => all + time, 0);
  assert.ok(Math.abs(sum - (times.at(-1) ?? 0)) < 1, timed.stderr);
});

for (const [what, args, phases] of [
  [
    'exec',
    ['exec', '--timing', 'A=secret/data/nexus/svc-orchestrator#username', '--', 'true'],
    ['login', 'read', 'revoke', 'command', 'the rest'],
  ],
  ['a token that is left alive', ['token', '--timing'], ['login', 'the rest']],
] as const) {
  test(`${what}: what is done is told, in its order, and nothing else`, async () => {
    const { status, stderr } = await runCommand(CIVAULT, args, {
      env: { ...job.env, PATH: '/usr/bin:/bin' },
    });
    assert.equal(status, 0, stderr);
    const told = [...stderr.matchAll(/^civault: {3}([\w ]+?) +\d+\.\d$/gm)].map(([, phase]) => phase);
    assert.deepEqual(told.slice(told.indexOf('login')), [...phases, 'in all']);
  });
}
