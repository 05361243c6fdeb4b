// Proves of `civault exec` on the binary: what the command finds in its environment, which status comes of it, and that
// nothing hangs on the token while it runs. In a BusyBox-only root where there can be one.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { makePlace, type Place } from '../harness/place.ts';

const NEXUS = 'secret/data/nexus/svc-orchestrator';
const URL_FIELD = 'secret/data/sonarqube/svc-orchestrator#url';
const USER = `${NEXUS}#username`;

let job: Job;
let place: Place;
before(async () => {
  job = await startJob();
  place = makePlace();
});
after(async () => {
  place?.remove();
  await job?.end();
});
beforeEach(() => {
  job.vault.requests.length = 0;
});

const run = (script: string, env = {}) => place.run(script, { env: { ...job.env, ...env } });

describe('what the command finds', () => {
  test('its secrets, each value byte for byte', async () => {
    const { status, stderr, stdout } = await run(
      `civault exec --no-masking "N_*=${NEXUS}" -- sh -c 'printf %s "$N_PASSWORD"'`,
    );
    assert.deepEqual([status, stderr], [0, '']);
    assert.equal(stdout.toString(), job.guide.secrets[NEXUS]?.['password']);
  });

  test("the job's environment, less its ID token and its Vault token", async () => {
    const { stdout } = await run(`civault exec A=${USER} -- env`, {
      VAULT_TOKEN: '',
      MINE: 'kept',
      NODE_OPTIONS: '--no-warnings',
      SSL_CERT_FILE: '/job/ca.pem',
      ODD: 'a=b\\n',
    });
    const lines = stdout.toString().trim().split('\n');
    const names = lines.map((line) => line.split('=')[0]).filter((name) => /^[A-Z_]+$/.test(name ?? ''));
    for (const line of ['MINE=kept', 'NODE_OPTIONS=--no-warnings', 'SSL_CERT_FILE=/job/ca.pem', 'ODD=a=b\\n'])
      assert.ok(lines.includes(line), line);
    assert.ok(names.includes('VAULT_ADDR') && names.includes('A'));
    assert.ok(!names.includes('VAULT_ID_TOKEN') && !names.includes('VAULT_TOKEN'));
  });

  test('another variable that holds the ID token is taken as well', async () => {
    const env = { VAULT_ID_TOKEN: '', MY_TOKEN: job.env['VAULT_ID_TOKEN'] ?? '' };
    const flags = '--id-token-variable MY_TOKEN';
    const { stdout } = await run(`civault exec A=${USER} ${flags} -- sh -c 'echo "[$MY_TOKEN]"'`, env);
    assert.equal(stdout.toString(), '[]\n');
  });

  test('both with --keep-vault-env, masked where they are printed', async () => {
    const { stdout } = await run(
      `civault exec --keep-vault-env A=${USER} -- sh -c 'echo "\${#VAULT_ID_TOKEN} $VAULT_ID_TOKEN"'`,
    );
    assert.equal(stdout.toString(), `${job.env['VAULT_ID_TOKEN']?.length} [MASKED]\n`);
  });

  test('a variable of its own instead of the one that the job has', async () => {
    const { stdout } = await run(`civault exec --no-masking A=${URL_FIELD} -- sh -c 'echo "$A"'`, {
      A: 'old',
    });
    assert.equal(stdout.toString(), 'https://sonarqube.shared.cwiq.io\n');
  });

  test('standard input, its arguments as they are, and its working directory', async () => {
    const script = `cd /bin && echo in | civault exec A=${USER} -- sh -c 'cat; pwd; for a; do echo "<$a>"; done' x '' 'a b' --role '*'`;
    const { stdout } = await run(script);
    assert.equal(stdout.toString(), 'in\n/bin\n<>\n<a b>\n<--role>\n<*>\n');
  });

  test('descriptors beyond the standard three', async (t) => {
    // The root has no /proc, by which they are found.
    const script = `"$C" exec "$REF" -- sh -c 'cat <&3; echo out >&4' 3<"$FILE" 4>&1`;
    const { status, stdout } = await runCommand('/bin/sh', ['-c', script], {
      env: { ...job.env, PATH: '/usr/bin:/bin', C: CIVAULT, REF: `A=${USER}`, FILE: job.caFile },
    });
    if (status === 127) return t.skip('there is no /proc here');
    assert.match(stdout.toString(), /^-----BEGIN CERTIFICATE-----\n[\s\S]*-----END CERTIFICATE-----\nout\n$/);
  });
});

describe('which status comes of it', () => {
  for (const [what, command, expected] of [
    ['success', 'true', 0],
    ['failure', 'false', 1],
    ['any other', "sh -c 'exit 42'", 42],
    ['the highest', "sh -c 'exit 255'", 255],
    ['SIGTERM', "sh -c 'kill -TERM $$'", 143],
    ['SIGKILL', "sh -c 'kill -KILL $$'", 137],
    ['a fault', "sh -c 'kill -SEGV $$'", 139],
  ] as const) {
    test(what, async () => {
      const { status, stdout, stderr } = await run(`civault exec A=${USER} -- ${command}`);
      assert.deepEqual([status, stdout.toString(), stderr], [expected, '', '']);
    });
  }

  for (const [what, command, expected, says] of [
    [
      'no such command',
      'nosuch',
      127,
      /^civault: there is no command "nosuch" on PATH\ncivault: hint: see docs\/errors\.md#command_not_found\n$/,
    ],
    ['no such file', './nosuch', 127, /^civault: cannot run ".\/nosuch": there is no such file\n/],
    ['a file where a folder should be', '/bin/sh/x', 127, /a part of its path is no folder/],
    [
      'a folder',
      '/bin',
      126,
      /^civault: cannot run "\/bin": it is a folder\ncivault: hint: see docs\/errors\.md#command_not_executable\n$/,
    ],
    ['a file that is not executable', '/tmp-file', 126, /not marked executable/],
    ['a file that is no program', '/no-program', 126, /it is no program of this machine \(ENOEXEC\)/],
    ['an interpreter that is not there', '/no-interpreter', 127, /what it needs to start is not there/],
  ] as const) {
    test(what, async (t) => {
      if (command.startsWith('/tmp-file') || command.startsWith('/no-')) {
        if (place.root === undefined) return t.skip('there is no root folder to put files into');
        await run(
          "echo x > /tmp-file; printf '\\001x' > /no-program; printf '#!/no\\n' > /no-interpreter; chmod 755 /no-*",
        );
      }
      const { status, stdout, stderr } = await run(`civault exec A=${USER} -- ${command}`);
      assert.deepEqual([status, stdout.toString()], [expected, ''], stderr);
      assert.match(stderr, says);
      assert.deepEqual(job.vault.liveTokens(), []);
    });
  }

  for (const [args, says] of [
    [`A=${USER}`, /exec needs a command to run, behind --\ncivault: hint: put -- before it/],
    [`A=${USER} --`, /there is no command behind --/],
    ['-- true', /exec needs a MAPPING/],
    [`A=${USER} true`, /exec needs a command to run/],
    [`A=${USER} true -- true`, /"true" is no MAPPING/],
    [`A=${USER} --bogus -- true`, /unknown flag "--bogus"/],
    [`A=${USER} --no-masking=1 -- true`, /unknown flag "--no-masking"/],
    [`A=${USER} A=${USER} -- true`, /the variable A would be set twice/],
  ] as const) {
    test(`a mistake costs no login: exec ${args}`, async () => {
      const { status, stdout, stderr } = await run(`civault exec ${args}`);
      assert.deepEqual([status, stdout.toString()], [2, ''], stderr);
      assert.match(stderr, says);
      assert.deepEqual(job.vault.requests, []);
    });
  }

  test('a secret that is not there, and the command does not run', async () => {
    const { status, stdout } = await run(`civault exec A=${NEXUS}#nosuch -- echo ran`);
    assert.deepEqual([status, stdout.toString()], [5, '']);
  });

  test('a value that no variable can hold, and the command does not run', async () => {
    await job.vault.request('POST', 'secret/data/odd', { data: { nul: 'a\0b' } });
    const { status, stdout, stderr } = await run('civault exec A=secret/data/odd#nul -- echo ran', {
      VAULT_TOKEN: job.vault.rootToken,
    });
    assert.deepEqual([status, stdout.toString()], [2, '']);
    assert.match(stderr, /holds a NUL byte/);
  });
});

test('--unmasked leaves some variables as they are, and knows which there are', async () => {
  const shown = await run(
    `civault exec --unmasked N_USERNAME "N_*=${NEXUS}" -- sh -c 'echo "$N_USERNAME"; printf %s "$N_PASSWORD"'`,
  );
  assert.deepEqual([shown.status, shown.stdout.toString()], [0, 'svc-orchestrator\n[MASKED]']);
  const refused = await run(`civault exec --unmasked N_USERNAME,N_USER "N_*=${NEXUS}" -- echo ran`);
  assert.deepEqual([refused.status, refused.stdout.toString()], [2, '']);
  assert.match(
    refused.stderr,
    /names "N_USER", and no MAPPING.*\ncivault: hint: there are N_PASSWORD, N_USERNAME|there are N_USERNAME, N_PASSWORD/,
  );
});

test('the token has ended before the command begins', async () => {
  let alive: readonly string[] = ['not looked'];
  const { status } = await place.run(`civault exec A=${USER} -- sh -c 'echo begun; sleep 0.3'`, {
    env: job.env,
    onOutput: () => {
      alive = job.vault.liveTokens();
    },
  });
  assert.deepEqual([status, alive], [0, []]);
  assert.deepEqual(
    job.vault.requests.map(({ path }) => path),
    ['/v1/auth/jwt/login', `/v1/${NEXUS}`, '/v1/auth/token/revoke-self'],
  );
});
