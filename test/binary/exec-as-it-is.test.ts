// Proves on the binary that a command is under `civault exec` what it is without: found along PATH, given its descriptors
// and arguments, told what it could not be given.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { makePlace, type Place } from '../harness/place.ts';

const REF = 'A=secret/data/nexus/svc-orchestrator#username';
const VALUE = 'svc-orchestrator';

let job: Job;
let place: Place;
let folder: string;
before(async () => {
  job = await startJob();
  place = makePlace();
  folder = mkdtempSync(join(tmpdir(), 'civault-exec-'));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  place?.remove();
  await job?.end();
});

/** Runs a script of bash on this machine. */
const run = (script: string, env: Readonly<Record<string, string>> = {}) =>
  runCommand('/bin/bash', ['-c', script], {
    env: { ...job.env, PATH: '/usr/bin:/bin', C: CIVAULT, REF, ...env },
    limit: 20_000,
  });

describe('where the command is looked for', () => {
  test('in the folders of PATH, whatever they are, and in their order', async () => {
    for (const name of ['first', 'second']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'my-tool'), `#!/bin/sh\necho ${name} "$1"\n`);
      chmodSync(join(folder, name, 'my-tool'), 0o755);
    }
    const PATH = `${folder}/nosuch:${folder}/first:${folder}/second:/usr/bin:/bin`;
    const { status, stdout, stderr } = await run('"$C" exec "$REF" -- my-tool x', { PATH });
    assert.deepEqual([status, stdout.toString(), stderr], [0, 'first x\n', '']);
  });

  test('in a root with BusyBox alone as well', async () => {
    const script = `mkdir -p opt/tools && printf '#!/bin/sh\\necho found\\n' > opt/tools/my-tool && chmod 755 opt/tools/my-tool
      PATH=$PWD/opt/tools:$PATH civault exec ${REF} -- my-tool`;
    const { status, stdout, stderr } = await place.run(`cd "\${HERE:-/}" && ${script}`, {
      env: { ...job.env, ...(place.root === undefined ? { HERE: folder } : {}) },
    });
    assert.deepEqual([status, stdout.toString(), stderr], [0, 'found\n', '']);
  });

  for (const [command, hint] of [
    ['cd', /hint: it is a part of the shell: -- sh -c 'cd … && COMMAND'/],
    ['"echo \\$A"', /hint: what a shell should read is given to one: -- sh -c/],
  ] as const) {
    test(`${command}, which only a shell knows, is told how to be written`, async () => {
      const { status, stderr } = await run(`"$C" exec "$REF" -- ${command}`);
      assert.equal(status, 127);
      assert.match(stderr, hint);
    });
  }
});

describe('what is handed on', {
  skip: existsSync('/proc/self/fd') ? false : 'there is no /proc here',
}, () => {
  for (const [what, script, expected] of [
    [
      'a copy of standard output is masked as that is',
      `"$C" exec "$REF" -- sh -c 'echo "3 $A" >&3' 3>&1`,
      '3 [MASKED]\n',
    ],
    [
      'a copy of standard error as well',
      `{ "$C" exec "$REF" -- sh -c 'echo "4 $A" >&4' 4>&2; } 2>&1 >/dev/null`,
      '4 [MASKED]\n',
    ],
    [
      'in one file with standard output, in their order',
      `"$C" exec "$REF" -- sh -c 'echo a; echo "$A" >&3; echo b' > "$OUT" 3>&1; cat "$OUT"`,
      'a\n[MASKED]\nb\n',
    ],
    [
      'a file of its own is as it is',
      `"$C" exec "$REF" -- sh -c 'echo "$A" >&3' 3> "$OUT"; cat "$OUT"`,
      `${VALUE}\n`,
    ],
  ] as const) {
    test(what, async () => {
      const { stdout, stderr } = await run(script, { OUT: join(folder, 'out') });
      assert.deepEqual([stdout.toString(), stderr], [expected, '']);
    });
  }

  test('an argument that is not UTF-8 is refused before any login, and a variable is told', async () => {
    job.vault.requests.length = 0;
    const refused = await run(`"$C" exec "$REF" -- echo $'caf\\xe9'`);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /the argument "caf\ufffd" is not UTF-8/);
    assert.deepEqual(job.vault.requests, []);
    const told = await run(`export LATIN=$'caf\\xe9'; "$C" exec "$REF" -- echo ran $'\\xef\\xbf\\xbd'`);
    assert.deepEqual([told.status, told.stdout.toString()], [0, 'ran \ufffd\n']);
    assert.equal(
      told.stderr,
      'civault: warning: the variable LATIN is not UTF-8: the command gets it changed\n',
    );
  });
});

describe('the tokens', () => {
  test('no variable that holds the ID token reaches the command, whatever it is called', async () => {
    const env = { MY_TOKEN: job.env['VAULT_ID_TOKEN'] ?? '', COPY: job.env['VAULT_ID_TOKEN'] ?? '' };
    const script = `"$C" exec "$REF" --id-token-variable MY_TOKEN -- sh -c 'echo "[$MY_TOKEN$COPY$VAULT_ID_TOKEN]"'`;
    assert.equal((await run(script, env)).stdout.toString(), '[]\n');
  });

  test('those that are kept are masked, though there was no login', async () => {
    const script = `"$C" exec --keep-vault-env "$REF" -- sh -c 'echo "$VAULT_ID_TOKEN $VAULT_TOKEN"'`;
    const { stdout } = await run(script, { VAULT_TOKEN: job.vault.rootToken });
    assert.equal(stdout.toString(), '[MASKED] [MASKED]\n');
  });
});

describe('lines', () => {
  test('of a program whose buffer ends within a value show no more than seven bytes of it', async () => {
    // As C's stdio does: 4096 bytes at once, and the rest much later.
    const script = `"$C" exec T=secret/data/sonarqube/svc-orchestrator#token -- bash -c '
      for cut in 4 7 8 9 12 20 30; do printf "%s" "at $cut \${T:0:cut}"; sleep 0.2; printf "%s\\n" "\${T:cut}"; done'`;
    const lines = (await run(script)).stdout.toString().trim().split('\n');
    const token = String(job.guide.secrets['secret/data/sonarqube/svc-orchestrator']?.['token']);
    assert.equal(lines.length, 7);
    for (const line of lines) {
      assert.match(line, /\[MASKED\]$/);
      assert.ok(!line.includes(token.slice(0, 8)), 'eight bytes of a value');
    }
  });

  test('are written whole, also where two outputs are read as one', async () => {
    const script = `"$C" exec 'N_*=secret/data/nexus/svc-orchestrator' 'S_*=secret/data/sonarqube/svc-orchestrator' -- bash -c '
      for i in {a..z}; do echo "out $i"; sleep 0.003; echo "err $i" >&2; done'`;
    // Two pipes that one reader takes pieces of, as a container's log is made.
    const { stdout } = await run(`${script} > >(cat) 2> >(cat >&1); sleep 0.3`);
    const lines = stdout
      .toString()
      .split('\n')
      .filter((line) => line !== '');
    assert.deepEqual(
      lines.filter((line) => !/^(out|err) [a-z]$/.test(line)),
      [],
    );
    assert.equal(lines.length, 52);
  });
});
