// Proves what civault doctor tells of a job: each step on its own line, also after one that failed, at 80 columns; field
// names and never a value; one login, whose token is ended; and the exit status of the first failure.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Outcome } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { type Env, judged } from '../harness/judged-run.ts';
import { holdsSecret } from '../harness/leaks.ts';
import { makePlace, type Place } from '../harness/place.ts';

const PATH = 'secret/data/nexus/svc-orchestrator';
const WAY = [
  'address',
  'settings',
  'name',
  'connection',
  'certificate',
  'health',
  'ID token',
  'clock',
  'login',
];

let job: Job;
let place: Place;
before(async () => {
  job = await startJob();
  place = makePlace();
});
after(async () => {
  place?.remove();
  await job.end();
});

interface Line {
  readonly result: string;
  readonly name: string;
  /** The text, lines below it joined. */
  readonly text: string;
}

/** The steps of a report, by their lines. */
function stepsOf({ stdout }: Pick<Outcome, 'stdout'>): Line[] {
  const steps: Line[] = [];
  for (const line of stdout.toString().split('\n')) {
    const [, result = '', name = '', text = ''] =
      /^(ok|FAIL|skip) {2,4}(\S+(?: \S+)?) {2,}(.*)$/.exec(line) ?? [];
    const last = steps.at(-1);
    if (result !== '') steps.push({ result, name, text });
    else if (last !== undefined && line.startsWith(' '))
      steps[steps.length - 1] = { ...last, text: `${last.text} ${line.trim()}` };
  }
  return steps;
}

async function doctor(args: readonly string[], env: Env = {}): Promise<Outcome> {
  const run = await judged(['doctor', ...args], { env: { ...job.env, ...env } });
  assert.equal(holdsSecret(run.stdout.toString()), false, 'a value in the report');
  assert.deepEqual(
    run.stdout
      .toString()
      .split('\n')
      .filter((line) => line.replace(/\u001b\[\d+m/g, '').length > 80 && !line.includes('capabilities')),
    [],
  );
  return run;
}

const results = (run: Outcome) => stepsOf(run).map(({ result, name }) => `${result} ${name}`);
const textOf = (run: Outcome, name: string) => stepsOf(run).find((step) => step.name === name)?.text ?? '';

test('in a root with nothing but BusyBox, all steps of a job that is well are ok, by one login that is ended', async () => {
  job.vault.requests.length = 0;
  const run = await place.run('civault doctor', { env: job.env });
  assert.equal(run.stderr, '');
  assert.equal(run.status, 0, run.stdout.toString());
  const skipped = ['name'];
  assert.deepEqual(results(run), [
    ...WAY.map((name) => `${skipped.includes(name) ? 'skip' : 'ok'} ${name}`),
    ...Array.from({ length: 6 }, () => 'ok secret'),
    'ok revocation',
  ]);
  assert.match(run.stdout.toString(), /\nall is well\n$/);
  assert.equal(holdsSecret(run.stdout.toString()), false);
  const paths = job.vault.requests.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`);
  assert.equal(paths.filter((path) => path === 'POST /v1/auth/jwt/login').length, 1);
  assert.equal(paths.at(-1), 'POST /v1/auth/token/revoke-self');
  assert.equal(paths.length, 9);
  // Nobody is told who asks before it is known who answers.
  assert.equal(paths[0], 'GET /v1/sys/health');
  assert.equal(job.vault.requests[0]?.headers['x-vault-token'], undefined);
});

test('with no REF the paths of the guide are tried, and with one that alone', async () => {
  const guide = stepsOf(await doctor([])).filter(({ name }) => name === 'secret');
  assert.deepEqual(
    guide.map(({ text }) => text.split(':')[0]).sort(),
    Object.keys(job.guide.secrets)
      .filter((path) => guide.some(({ text }) => text.startsWith(`${path}:`)))
      .sort(),
  );
  assert.equal(guide.length, 6);
  const own = stepsOf(await doctor([`${PATH}#password`])).filter(({ name }) => name === 'secret');
  assert.deepEqual(
    own.map(({ text }) => text),
    [`${PATH}#password: "password", "username" (version 1)`],
  );
});

test('the claims of the ID token are shown, and what is absent', async () => {
  const token = await job.issuer.mint({ environment: undefined, ref: 'a\u001b[31m' });
  const run = await doctor([PATH], { VAULT_ID_TOKEN: token });
  const text = textOf(run, 'ID token');
  for (const part of [
    'aud  ',
    'iss  ',
    'sub  ',
    'project_path',
    'ref_protected',
    'environment    absent',
    'ref            "a\\u001b[31m"',
  ])
    assert.equal(text.includes(part), true, `${part} in ${text}`);
  assert.match(text, /valid for \d+ min/);
});

describe('each step that fails says what to do, those that need it are left out, and the rest goes on', () => {
  interface Case {
    readonly what: string;
    readonly env: () => Env | Promise<Env>;
    readonly args?: readonly string[];
    readonly failed: string;
    readonly says: RegExp;
    readonly skipped: readonly string[];
    readonly status: number;
  }
  const cases: readonly Case[] = [
    {
      what: 'no address',
      env: () => ({ VAULT_ADDR: '' }),
      failed: 'address',
      says: /VAULT_ADDR is empty.* hint: .*docs\/errors\.md#config/,
      skipped: ['name', 'connection', 'certificate', 'health', 'clock', 'login', 'secret'],
      status: 2,
    },
    {
      what: 'a setting that is none',
      env: () => ({ VAULT_SKIP_VERIFY: 'perhaps' }),
      failed: 'settings',
      says: /VAULT_SKIP_VERIFY is "perhaps"/,
      skipped: ['name', 'connection', 'certificate', 'health', 'clock', 'login', 'secret'],
      status: 2,
    },
    {
      what: 'a CA file that is not there',
      env: () => ({ VAULT_CACERT: '/nonexistent/ca.pem' }),
      failed: 'settings',
      says: /VAULT_CACERT: cannot read "\/nonexistent\/ca\.pem"/,
      skipped: ['name', 'connection', 'certificate', 'health', 'clock', 'login', 'secret'],
      status: 2,
    },
    {
      what: 'a name that nobody knows',
      env: () => ({ VAULT_ADDR: 'https://vault.invalid' }),
      failed: 'name',
      says: /vault\.invalid/,
      skipped: ['connection', 'certificate', 'health', 'clock', 'login', 'secret'],
      status: 6,
    },
    {
      what: 'a port on which nobody listens',
      env: () => ({ VAULT_ADDR: 'https://127.0.0.1:9' }),
      failed: 'connection',
      says: /127\.0\.0\.1:9.*nothing listens there/,
      skipped: ['name', 'certificate', 'health', 'clock', 'login', 'secret'],
      status: 6,
    },
    {
      what: 'a CA that is not trusted',
      env: () => ({ VAULT_CACERT_BYTES: '' }),
      failed: 'certificate',
      says: /"Vault Stand-in CA" is not in .*VAULT_CACERT/,
      skipped: ['name', 'health', 'clock', 'login', 'secret'],
      status: 7,
    },
    {
      what: 'no ID token',
      env: () => ({ VAULT_ID_TOKEN: '' }),
      failed: 'ID token',
      says: /VAULT_ID_TOKEN is empty.* id_tokens:/,
      skipped: ['name', 'login', 'secret'],
      status: 3,
    },
    {
      what: 'an audience that the role refuses',
      env: async () => ({ VAULT_ID_TOKEN: await job.issuer.mint({ aud: 'https://other' }) }),
      failed: 'login',
      says: /its aud is "https:\/\/other".*docs\/errors\.md#login_denied/,
      skipped: ['name', 'secret'],
      status: 4,
    },
    {
      what: 'a VAULT_TOKEN that Vault does not know',
      env: () => ({ VAULT_TOKEN: 'hvs.nobody' }),
      failed: 'login',
      says: /does not know the token in VAULT_TOKEN/,
      skipped: ['name', 'ID token', 'secret', 'revocation'],
      status: 4,
    },
    {
      what: 'a secret that the policy refuses',
      env: () => ({}),
      args: ['secret/data/nexus/admin'],
      failed: 'secret',
      says: /policies \(default, nexus-ci\) do not allow.* path "secret\/data\/nexus\/admin"/,
      skipped: ['name'],
      status: 4,
    },
    {
      what: 'a field that is not there',
      env: () => ({}),
      args: [`${PATH}#passwort`],
      failed: 'secret',
      says: /no field "passwort".*"password", "username"/,
      skipped: ['name'],
      status: 5,
    },
  ];
  for (const { what, env, args = [PATH], failed, says, skipped, status } of cases) {
    test(what, async () => {
      const run = await doctor(args, await env());
      const steps = stepsOf(run);
      assert.deepEqual(
        steps.filter(({ result }) => result === 'FAIL').map(({ name }) => name),
        [failed],
        run.stdout.toString(),
      );
      assert.match(steps.find(({ result }) => result === 'FAIL')?.text ?? '', says);
      assert.deepEqual(
        steps.filter(({ result }) => result === 'skip').map(({ name }) => name),
        skipped,
      );
      assert.equal(run.status, status);
      assert.equal(run.stderr, '');
      assert.match(
        run.stdout.toString(),
        new RegExp(`\n1 step failed: exit status ${status} \\([A-Z_]+\\)\n$`),
      );
    });
  }
});

test('the first failure decides the status, and every other is told as well', async () => {
  const run = await doctor(['secret/data/ci/none', 'secret/data/nexus/admin', PATH], {
    VAULT_ID_TOKEN: job.env['VAULT_ID_TOKEN'] ?? '',
  });
  assert.deepEqual(results(run).slice(-4), ['FAIL secret', 'FAIL secret', 'ok secret', 'ok revocation']);
  assert.equal(run.status, 5);
  assert.match(run.stdout.toString(), /2 steps failed: exit status 5 \(SECRET_NOT_FOUND\)/);
});

test('a REF that is none, and a format that there is not, are refused before anything is looked at', async () => {
  for (const args of [['secret/../x'], ['--format', 'yaml']]) {
    const run = await judged(['doctor', ...args], { env: job.env });
    assert.deepEqual([run.status, run.stdout.toString()], [2, '']);
    assert.match(run.stderr, /docs\/errors\.md#usage/);
  }
});

test('colours show in GitLab’s log, and not where NO_COLOR is set', async () => {
  const plain = (await doctor([PATH])).stdout.toString();
  const coloured = (await doctor([PATH], { GITLAB_CI: 'true' })).stdout.toString();
  assert.match(coloured, /^\u001b\[32mok {4}\u001b\[0maddress/);
  assert.equal(coloured.replace(/\u001b\[\d+m/g, '').split('\n').length, plain.split('\n').length);
  assert.doesNotMatch(
    (await doctor([PATH], { GITLAB_CI: 'true', NO_COLOR: '1' })).stdout.toString(),
    /\u001b/,
  );
  assert.doesNotMatch(plain, /\u001b/);
});

test('as JSON: the same steps, and their facts', async () => {
  const run = await judged(['doctor', '--format', 'json', PATH, `${PATH}#nope`], {
    env: { ...job.env, GITLAB_CI: 'true' },
  });
  const report = JSON.parse(run.stdout.toString());
  assert.deepEqual([report.ok, report.status, run.status], [false, 5, 5]);
  const names = report.steps.map(({ step, result }: { step: string; result: string }) => `${result} ${step}`);
  assert.deepEqual(names.slice(-4), ['ok login', 'ok secret', 'fail secret', 'ok revocation']);
  const secret = report.steps.at(-3);
  assert.deepEqual([secret.ref, secret.fields, secret.version], [PATH, ['password', 'username'], 1]);
  assert.equal(report.steps.at(-2).code, 'FIELD_NOT_FOUND');
  assert.equal(holdsSecret(run.stdout.toString()), false);
});

test("the job's own token is looked at and left alone", async () => {
  const { json } = await job.vault.request('POST', 'auth/token/create', { policies: ['nexus-ci'] });
  const token = (json as { auth: { client_token: string } }).auth.client_token;
  job.vault.requests.length = 0;
  const run = await doctor([PATH], { VAULT_TOKEN: token });
  assert.equal(run.status, 0, run.stdout.toString());
  assert.match(textOf(run, 'login'), /by VAULT_TOKEN, for .*policies default, nexus-ci/);
  assert.equal(
    job.vault.requests.some(({ path }) => /login|revoke/.test(path)),
    false,
  );
});

test('a lease that a secret brings ends with the run', async () => {
  const run = await doctor(['database/creds/ci-readonly']);
  assert.match(textOf(run, 'secret'), /"password", "ttl", "username"; a lease of 3600 s/);
  assert.deepEqual(job.vault.liveLeases(), []);
});

test('a Vault that is sealed is told by its health, and not logged in to', async () => {
  const sealed = await startJob();
  try {
    await sealed.vault.request('PUT', 'sys/seal', {});
    const run = await judged(['doctor', PATH], { env: sealed.env });
    assert.equal(run.status, 6);
    assert.match(textOf(run, 'health'), /Vault is sealed/);
    assert.deepEqual(results(run).slice(-4), ['ok ID token', 'ok clock', 'skip login', 'skip secret']);
  } finally {
    await sealed.end();
  }
});

test('a clock that is wrong is told, also where the login fails of it', async () => {
  const hour = 3_600_000;
  const ahead = await startJob({ clock: () => Date.now() + 3 * hour });
  try {
    const run = await judged(['doctor', PATH], { env: ahead.env });
    assert.match(textOf(run, 'clock'), /Vault's clock is 3 h ahead of this machine's/);
    assert.match(textOf(run, 'login'), /for expired: its exp is .*Vault's clock is 3 h ahead/);
    assert.equal(run.status, 3);
  } finally {
    await ahead.end();
  }
});

test('a signal ends it at once, and the token with it', async () => {
  const tokens = job.vault.liveTokens().length;
  const reached = new Promise<void>((resolve) => {
    const leave = job.vault.intercept(({ path }, _response, next) => {
      if (!path.startsWith('/v1/secret/')) return next();
      leave();
      resolve();
    });
  });
  let pid = 0;
  const run = judged(['doctor', PATH], {
    env: job.env,
    started: (id) => {
      pid = id;
    },
  });
  await reached;
  process.kill(pid, 'SIGTERM');
  const { status, stderr } = await run;
  assert.deepEqual([status, stderr], [143, 'civault: ended by SIGTERM\n']);
  assert.equal(job.vault.liveTokens().length, tokens);
});

test("behind a Vault Agent's socket, the Agent's token is looked at", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'civault-doctor-'));
  const agent = await startJob({ agent: true, listen: join(folder, 'agent.sock') });
  const leave = agent.vault.intercept((request, _response, next) => {
    // An agent with auto_auth adds its own token.
    request.headers['x-vault-token'] ??= agent.vault.rootToken;
    next();
  });
  try {
    const run = await judged(['doctor', PATH], { env: { ...agent.env, VAULT_ID_TOKEN: '' } });
    assert.equal(run.status, 0, run.stdout.toString());
    assert.deepEqual(results(run), [
      'ok address',
      'ok settings',
      'skip name',
      'ok connection',
      'skip certificate',
      'ok health',
      'skip ID token',
      'ok clock',
      'ok login',
      'ok secret',
      'skip revocation',
    ]);
    assert.match(textOf(run, 'login'), /by the Vault Agent, without an end; policies root/);
  } finally {
    leave();
    await agent.end();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a token of very many policies, and a secret of very many fields, are shown in part', async () => {
  const many = Array.from({ length: 500 }, (_, index) => `n${String(index).padStart(3, '0')}`);
  await job.vault.request('POST', 'secret/data/ci/many', {
    data: Object.fromEntries(many.map((name) => [name, 'x'])),
  });
  await job.vault.request('POST', 'auth/jwt/role/many', {
    role_type: 'jwt',
    user_claim: 'user_login',
    bound_audiences: job.guide.audience,
    token_policies: ['nexus-ci', ...many],
  });
  const run = await doctor(['secret/data/ci/many'], { VAULT_AUTH_ROLE: 'many' });
  assert.match(textOf(run, 'login'), /default, n000, .*, and 482 more$/);
  assert.match(textOf(run, 'secret'), /"n000", .*, "n019", and 480 more \(version 1\)$/);
});

test('each wrong setting is told, and what does not need it goes on', async () => {
  const run = await judged(['doctor', PATH], {
    env: {
      ...job.env,
      VAULT_AUTH_ROLE: '$A_ROLE',
      VAULT_MAX_RETRIES: 'many',
      VAULT_CACERT: '/nonexistent/ca.pem',
      VAULT_ID_TOKEN: 'abc',
    },
  });
  assert.deepEqual(results(run).slice(0, 4), [
    'ok address',
    'FAIL settings',
    'FAIL settings',
    'FAIL settings',
  ]);
  assert.ok(results(run).includes('FAIL ID token'), run.stdout.toString());
  assert.equal(run.status, 2);
});

test('a role alone that is wrong leaves the way to Vault to be looked at', async () => {
  const run = await doctor([PATH], { VAULT_AUTH_ROLE: '$A_ROLE' });
  assert.deepEqual(
    stepsOf(run)
      .filter(({ result }) => result === 'skip')
      .map(({ name }) => name),
    ['name', 'login', 'secret'],
  );
});

test('no token goes to what does not show that it is Vault', async () => {
  const received: string[] = [];
  const server = http.createServer((request, response) => {
    received.push(request.url ?? '');
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html><title>Sign in</title></html>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const run = await doctor([PATH], { VAULT_ADDR: `http://127.0.0.1:${port}` });
    assert.match(textOf(run, 'health'), /it is a sign-in page, "Sign in"/);
    assert.deepEqual(results(run).slice(-4), ['ok ID token', 'skip clock', 'skip login', 'skip secret']);
    assert.equal(run.status, 7);
    assert.equal(received.length, 1);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test('a MAPPING counts by its REF', async () => {
  const run = await doctor([`SONAR_TOKEN=${PATH}#password`, `TRIVY_*=${PATH}`]);
  assert.deepEqual(results(run).slice(-3), ['ok secret', 'ok secret', 'ok revocation']);
});

test('what is not about a path is told with the REF it befell', async () => {
  const leave = job.vault.intercept((request, response, next) => {
    if (request.path.startsWith('/v1/secret/')) response.writeHead(500).end('{"errors":["boom"]}');
    else next();
  });
  try {
    const run = await doctor([`${PATH}#password`]);
    assert.match(textOf(run, 'secret'), /svc-orchestrator#password: Vault cannot answer now \(500\): boom/);
  } finally {
    leave();
  }
});

test('an ID token that ends in a year no calendar has is no bug of civault', async () => {
  for (const exp of [1_780_000_000_000_000, 1e300]) {
    const token = await job.issuer.mint({ exp });
    const run = await doctor([PATH], { VAULT_ID_TOKEN: token });
    assert.match(textOf(run, 'ID token'), /^VAULT_ID_TOKEN holds one, valid for/);
  }
});

test('a token that may not end itself is told, with the policy that it lacks', async () => {
  await job.vault.request('POST', 'auth/jwt/role/bare', {
    role_type: 'jwt',
    user_claim: 'user_login',
    bound_audiences: job.guide.audience,
    token_policies: ['nexus-ci'],
    token_no_default_policy: true,
  });
  const run = await doctor([PATH], { VAULT_AUTH_ROLE: 'bare' });
  assert.match(
    textOf(run, 'revocation'),
    /do not allow the token to revoke itself.*auth\/token\/revoke-self/,
  );
  assert.equal(run.status, 4);
});

test("the job's own token of a single use: the look at it is told to have been that", async () => {
  const made = await job.vault.request('POST', 'auth/token/create', { policies: ['nexus-ci'], num_uses: 1 });
  const token = (made.json as { auth: { client_token: string } }).auth.client_token;
  const run = await doctor([PATH], { VAULT_TOKEN: token });
  assert.match(textOf(run, 'login'), /good for one more use, and this look at it was that/);
  assert.equal(run.status, 4);
});
