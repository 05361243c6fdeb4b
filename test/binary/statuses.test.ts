// Proves every exit status of the table on the binary: its message, its hint, nothing on standard output, the job's end
// under `set -e`, and that no token shows anywhere.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { makePlace, type Place } from '../harness/place.ts';
import { createAuthority } from '../vault/authority.ts';

const REF = 'secret/data/nexus/svc-orchestrator#password';

interface Case {
  readonly name: string;
  readonly status: number;
  readonly says: RegExp;
  readonly hint?: RegExp;
  readonly ref?: string;
  readonly flags?: string;
  readonly env?: () => Record<string, string> | Promise<Record<string, string>>;
}

const CASES: readonly Case[] = [
  {
    name: 'an unknown flag',
    status: 2,
    says: /unknown flag "--rol"/,
    hint: /civault get --help|civault env --help/,
    flags: '--rol x',
  },
  {
    name: 'a REF that is none',
    status: 2,
    says: /the segment \.\. is not allowed/,
    ref: 'secret/data/../x#y',
    hint: /PATH#FIELD/,
  },
  {
    name: 'VAULT_ADDR is empty',
    status: 2,
    says: /VAULT_ADDR is empty/,
    hint: /Settings → CI\/CD → Variables of the group.*VAULT_ADDR=https/,
    env: () => ({ VAULT_ADDR: '' }),
  },
  {
    name: 'VAULT_ADDR was not filled in, on a ref that is not protected',
    status: 2,
    says: /VAULT_ADDR is "\$VAULT_URL": a variable in it was never filled in/,
    hint: /VAULT_URL is not defined in this job.*\n {2}likely: this job's ref "feature-1" is not protected/,
    env: () => ({
      VAULT_ADDR: '$VAULT_URL',
      CI_COMMIT_REF_PROTECTED: 'false',
      CI_COMMIT_REF_NAME: 'feature-1',
    }),
  },
  {
    name: 'VAULT_ADDR is a page of the web interface',
    status: 2,
    says: /leave \/ui\/vault\/auth\?with=token off/,
    hint: /write VAULT_ADDR=https:\/\/vault\.test in Settings/,
    env: () => ({ VAULT_ADDR: 'https://vault.test/ui/vault/auth?with=token' }),
  },
  {
    name: 'a REF with the address before it',
    status: 2,
    says: /leave the address off/,
    hint: /hint: write secret\/data\/nexus\/ci#password \(docs\/errors\.md#usage\)\n/,
    ref: 'https://vault.test/v1/secret/data/nexus/ci#password',
  },
  {
    name: 'VAULT_ADDR has no scheme',
    status: 2,
    says: /it has no scheme/,
    hint: /VAULT_ADDR=https:\/\/vault/,
    env: () => ({ VAULT_ADDR: 'vault.shared.cwiq.io' }),
  },
  {
    name: 'a line break in the role',
    status: 2,
    says: /control character/,
    env: () => ({ VAULT_AUTH_ROLE: 'a\nb' }),
  },
  {
    name: 'no ID token',
    status: 3,
    says: /VAULT_ID_TOKEN is empty/,
    hint: /id_tokens:\n {6}VAULT_ID_TOKEN:\n {8}aud:/,
    env: () => ({ VAULT_ID_TOKEN: '' }),
  },
  {
    name: 'an ID token that is none',
    status: 3,
    says: /does not hold an ID token .*: it has 7 characters, in 1 part/,
    env: () => ({ VAULT_ID_TOKEN: 'hunter2' }),
  },
  {
    name: 'an ID token under another name',
    status: 3,
    says: /there is no ID token: VAULT_ID_TOKEN is empty/,
    hint: /MY_TOKEN holds an ID token for "https:.*": --id-token-variable MY_TOKEN\n/,
    env: () => ({ VAULT_ID_TOKEN: '', MY_TOKEN: job.env['VAULT_ID_TOKEN'] ?? '' }),
  },
  {
    name: 'an ID token that has expired',
    status: 3,
    says: /expired 2[34] h ago/,
    env: async () => ({ VAULT_ID_TOKEN: await job.issuer.mint({}, { expired: true }) }),
  },
  {
    name: 'the wrong audience',
    status: 4,
    says: /its aud is "https:\/\/other"/,
    hint: /bound_audiences/,
    env: async () => ({ VAULT_ID_TOKEN: await job.issuer.mint({ aud: 'https://other' }) }),
  },
  {
    name: 'a claim that the role does not allow',
    status: 4,
    says: /its namespace_path is "strangers"/,
    hint: /bound_claims/,
    env: async () => ({ VAULT_ID_TOKEN: await job.issuer.mint({ namespace_path: 'strangers' }) }),
  },
  {
    name: 'a role that is not there',
    status: 4,
    says: /has no role "nobody"/,
    hint: /--role/,
    flags: '--role nobody',
  },
  {
    name: 'an auth path that is not there',
    status: 4,
    says: /no auth method at auth\/elsewhere/,
    hint: /--auth-path/,
    flags: '--auth-path elsewhere',
  },
  {
    name: 'a token that GitLab did not sign',
    status: 4,
    says: /does not know the key that signed/,
    env: async () => ({ VAULT_ID_TOKEN: await job.issuer.mint({}, { key: 'foreign' }) }),
  },
  {
    name: 'a path that the policy refuses',
    status: 4,
    says: /do not allow to read secret\/data\/nexus\/admin/,
    hint: /path "secret\/data\/nexus\/admin" \{ capabilities = \["read"\] \}/,
    ref: 'secret/data/nexus/admin#password',
  },
  {
    name: 'a secret that is not there',
    status: 5,
    says: /there is no secret at secret\/data\/ci\/none/,
    ref: 'secret/data/ci/none#x',
  },
  {
    name: 'a field that is not there',
    status: 5,
    says: /has no field "passwort": did you mean "password"\?/,
    hint: /"password", "username"/,
    ref: 'secret/data/nexus/svc-orchestrator#passwort',
  },
  {
    name: 'a field that is null',
    status: 5,
    says: /"nothing" of secret\/data\/ci\/everything is null/,
    ref: 'secret/data/ci/everything#nothing',
  },
  {
    name: 'nobody listens',
    status: 6,
    says: /nothing listens there \(ECONNREFUSED\)/,
    flags: '--retries 0',
    env: () => ({ VAULT_ADDR: 'https://127.0.0.1:9' }),
  },
  {
    name: 'a CA that is not trusted',
    status: 7,
    says: /not trusted here/,
    hint: /VAULT_CACERT/,
    env: async () => ({ VAULT_CACERT_BYTES: (await createAuthority('Stranger')).certificatePem }),
  },
];

let job: Job;
before(async () => {
  job = await startJob();
});
after(() => job.end());

describe('every failure', () => {
  let root: Place;
  before(() => {
    root = makePlace();
  });
  after(() => root?.remove());

  for (const { name, status, says, hint, ref = REF, flags = '', env } of CASES) {
    test(`${name}: get ends with ${status} and says why`, async () => {
      const all = { ...job.env, ...(await env?.()) };
      const run = await root.run(`civault get "$REF" ${flags}`, { env: { ...all, REF: ref } });
      assert.equal(run.stdout.toString(), '');
      assert.match(run.stderr, says);
      if (hint !== undefined) assert.match(run.stderr, hint);
      assert.equal(run.status, status);
      assertNoTokens(run.stderr, all['VAULT_ID_TOKEN']);
    });

    test(`${name}: a job that evals env ends with ${status} and sets nothing`, async () => {
      const all = { ...job.env, ...(await env?.()) };
      const script = `set -e; trap 'echo "A=\${A-unset}"' EXIT; eval "$(civault env "A=$REF" ${flags})"; echo "not reached"`;
      const run = await root.run(script, { env: { ...all, REF: ref } });
      assert.equal(run.stdout.toString(), 'A=unset\n');
      assert.match(run.stderr, says);
      assert.equal(run.status, status);
      assertNoTokens(run.stderr, all['VAULT_ID_TOKEN']);
    });
  }
});

test('a sealed Vault is worth a retry: 6', async () => {
  const sealed = await startJob();
  try {
    await sealed.vault.request('PUT', 'sys/seal', {});
    const run = await runCommand(CIVAULT, ['get', REF, '--retries', '0'], { env: sealed.env });
    assert.equal(run.status, 6);
    assert.match(run.stderr, /Vault is sealed/);
  } finally {
    await sealed.end();
  }
});

test('a signal ends it with 128 and its number, and the job with it', async () => {
  for (const [name, number] of [
    ['TERM', 15],
    ['INT', 2],
    ['HUP', 1],
  ] as const) {
    const leave = job.vault.intercept(() => undefined);
    const script = `${CIVAULT} env A=${REF} & pid=$!; sleep 0.4; kill -${name} $pid; wait $pid; echo "status $?"`;
    const run = await runCommand('/bin/bash', ['-c', script], { env: { ...job.env, PATH: '/usr/bin:/bin' } });
    leave();
    assert.equal(run.stdout.toString(), `(exit ${128 + number})\nstatus ${128 + number}\n`);
    assert.match(run.stderr, new RegExp(`civault: ended by SIG${name}`));
  }
});

test('a signal in the middle of a read still ends the token', async () => {
  const leave = job.vault.intercept(({ method }, _response, next) => (method === 'GET' ? undefined : next()));
  const tokens = job.vault.liveTokens().length;
  const script = `${CIVAULT} get '${REF}' & pid=$!; sleep 0.4; kill -TERM $pid; wait $pid; echo "status $?"`;
  const run = await runCommand('/bin/bash', ['-c', script], { env: { ...job.env, PATH: '/usr/bin:/bin' } });
  leave();
  assert.equal(run.stdout.toString(), 'status 143\n');
  assert.equal(job.vault.requests.at(-1)?.path, '/v1/auth/token/revoke-self');
  assert.equal(job.vault.liveTokens().length, tokens);
});

test('help and version end with 0 and write to standard output alone', async () => {
  for (const args of [['--help'], ['get', '--help'], ['env', '-h'], ['help', 'env'], ['--version']]) {
    const { status, stdout, stderr } = await runCommand(CIVAULT, args);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.ok(stdout.length > 0);
  }
  const { stdout } = await runCommand(CIVAULT, ['--version']);
  assert.match(stdout.toString(), /^civault \d+\.\d+\.\d+ \(commit \S+, Node\.js v\d+\.\d+\.\d+\)\n$/);
});

function assertNoTokens(text: string, idToken: string | undefined): void {
  assert.doesNotMatch(text, /hv[sb]\.|eyJ/);
  if (idToken !== undefined && idToken.length > 8) assert.ok(!text.includes(idToken.slice(-20)));
}
