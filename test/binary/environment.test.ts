// Proves that no variable which Node, V8, libuv, OpenSSL, c-ares, pkg or a libc reads changes what the binary does: it runs no
// code, weakens no TLS, writes no file and prints no token. A command that it runs gets them all as they are.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CIVAULT, findBusybox } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { HOSTILE, type Hostile } from '../harness/hostile-variables.ts';
import { type Job, startJob } from '../harness/job.ts';
import { assertFetched, assertNoToken, judged, REF, VALUE } from '../harness/judged-run.ts';
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

const settled = ({ value }: Hostile) =>
  typeof value === 'string' ? value : value({ at: traps.at, caFile: job.caFile });
const own = () => ({ ...job.env, HOME: traps.at('home'), TMPDIR: traps.at('tmp') });
const run = (env: Readonly<Record<string, string>>, ...args: string[]) =>
  judged(args, { env, cwd: traps.path });

const busybox = findBusybox() ?? '';
const noBusybox = busybox === '' && 'there is no static busybox: variables would change any other command';

/** The environment that exec gives a command, and what it said. */
async function handedOn(env: Readonly<Record<string, string>>) {
  const show = [busybox, 'cat', '/proc/self/environ'];
  const options = { env, cwd: traps.path };
  const { status, stdout, stderr } = await runCommand(
    CIVAULT,
    ['exec', '--no-masking', `GOT=${REF}`, '--', ...show],
    options,
  );
  return { status, stderr, variables: stdout.toString().split('\0').filter(Boolean).sort() };
}

function expectedOf({ VAULT_ID_TOKEN: _, ...env }: Readonly<Record<string, string>>) {
  const variables = Object.entries({ ...env, GOT: VALUE }).map(([name, value]) => `${name}=${value}`);
  return { status: 0, stderr: '', variables: variables.sort() };
}

// Each run waits more than it works.
describe('a variable changes nothing', { concurrency: 3 }, () => {
  for (const hostile of HOSTILE) {
    const { name, value, would } = hostile;
    test(`${name}=${typeof value === 'string' ? value.slice(0, 40) : 'a path'}, which would ${would}`, async () => {
      const env = { ...own(), [name]: settled(hostile) };
      assertFetched(await run(env, 'get', REF));
      // A CA that is none here stays unknown, with the usual message.
      const { status, stdout, stderr } = await run({ ...env, VAULT_CACERT_BYTES: stranger }, 'get', REF);
      assert.deepEqual({ status, stdout: stdout.toString() }, { status: 7, stdout: '' });
      assert.match(
        stderr,
        /^civault: cannot get an answer from [^\n]* issuer that is not trusted here: [^\n]*\ncivault: hint: /,
      );
      if (noBusybox === false) assert.deepEqual(await handedOn(env), expectedOf(env));
      assert.deepEqual(traps.state(), untouched, 'a file was written');
    });
  }
});

test('all of them at once change nothing either', { skip: noBusybox }, async () => {
  const all = Object.fromEntries(HOSTILE.map((hostile) => [hostile.name, settled(hostile)]));
  const env = { ...own(), ...all };
  const got = await run(env, 'get', REF);
  assertNoToken(got, env);
  assertFetched(got);
  assert.deepEqual(await handedOn(env), expectedOf(env));
  assert.deepEqual(traps.state(), untouched, 'a file was written');
});

test("Node's own flags on the command line are civault's to refuse", async () => {
  for (const flag of [
    '--inspect',
    '--eval=1',
    '-e',
    '--require=./evil.js',
    '--print=1',
    '-p',
    '--env-file=.env',
  ]) {
    const { status, stdout, stderr } = await run(own(), 'get', REF, flag);
    assert.deepEqual({ status, stdout: stdout.toString() }, { status: 2, stdout: '' }, flag);
    assert.match(stderr, /unknown flag/);
  }
});
