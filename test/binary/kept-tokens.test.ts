// Proves on the binary that a leased secret keeps the token that read it, whichever command wrote it; and that both end
// where nobody got the secret.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { living, putRole, REVOKE } from '../harness/leases.ts';

let job: Job;
let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'civault-kept-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  await job?.end();
  job = await startJob();
});
after(() => job?.end());

const paths = () => job.vault.requests.map(({ path }) => path);
/** Runs a shell's script in a folder of its own, with civault as "$C". */
const run = (text: string) =>
  runCommand('/bin/sh', ['-c', text], {
    cwd: folder,
    env: { ...job.env, PATH: '/usr/bin:/bin', C: CIVAULT },
  });

describe('a leased secret keeps its token, and that is told with its time', () => {
  const LEASE = 'database/creds/ci-short';
  const KEPT =
    /^civault: note: the Vault token is left alive for the lease of database\/creds\/ci-short \(2 s\)\n$/m;
  const INJECT = `printf '{{ civault ${LEASE}#username }}' | "$C" inject`;

  for (const [what, text] of [
    ['get', `"$C" get ${LEASE}#username`],
    ['get --output', `"$C" get ${LEASE}#username --output result`],
    ['get of two fields', `"$C" get ${LEASE}#username ${LEASE}#password`],
    ['get --no-revoke', `"$C" get ${LEASE}#username --no-revoke`],
    ['env', `"$C" env A=${LEASE}#username`],
    ['env --format dotenv --output', `"$C" env --format dotenv --output result A=${LEASE}#username`],
    ['inject', INJECT],
    ['inject --output', `${INJECT} --output result`],
    ['docker-login', `DOCKER_CONFIG=docker "$C" docker-login r.example ${LEASE}`],
  ] as const) {
    test(what, async () => {
      const { status, stderr } = await run(text);
      assert.equal(status, 0, stderr);
      assert.match(stderr, KEPT);
      assert.deepEqual([living(job).tokens, paths().includes(REVOKE)], [1, false]);
    });
  }

  test('a token that ends before the lease is told with its own time', async () => {
    const flags = (await putRole(job, { token_ttl: '1m' })).join(' ');
    const { stderr } = await run(`"$C" get database/creds/ci-readonly#username ${flags}`);
    assert.match(stderr, / \(3600 s\); both end after 60 s\n$/);
  });

  for (const [what, text] of [
    ['get', `"$C" get ${LEASE}#username > /dev/full`],
    ['get of no such field', `"$C" get ${LEASE}#nosuch`],
    ['env', `"$C" env A=${LEASE}#username > /dev/full`],
    ['inject', `${INJECT} > /dev/full`],
    ['docker-login of no such field', `DOCKER_CONFIG=docker "$C" docker-login --username-field x r ${LEASE}`],
  ] as const) {
    test(`it is ended with its token where nobody got the secret: ${what}`, async () => {
      const { status, stderr } = await run(text);
      assert.ok(status === 2 || status === 5, stderr);
      assert.doesNotMatch(stderr, /left alive/);
      assert.deepEqual([living(job), paths().at(-1)], [{ leases: 0, tokens: 0 }, REVOKE]);
    });
  }
});
