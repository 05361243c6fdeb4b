// Proves that no token and no password gets where it was not asked for, whichever way a run goes: each way is gone with marked
// ones, and all that it leaves is searched: its outputs, its files, the arguments of all programs, a command's environment.
// What a server sends back of them is theirs to say, and not civault's to repeat: test/binary/echoes.test.ts.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { type Outcome, runCommand } from '../harness/command.ts';
import { type FaultyServer, startFaultyServer } from '../harness/faulty-server.ts';
import { type Job, startJob } from '../harness/job.ts';
import { REF, SECRET } from '../harness/judged-run.ts';
import { JOB_TOKEN, type ReleaseJob, startReleaseJob } from '../harness/release.ts';

const PROXY_PASSWORD = 'markedProxyPassword64';
const OWN_TOKEN = 'hvs.markedOwnTokenOfTheJob';
const GITLAB_TOKEN = 'glpat-markedTokenOfAPerson';
const CREDENTIALS = 'secret/data/nexus/svc-executor';

let job: Job;
let release: ReleaseJob;
let silent: FaultyServer;
let folder: string;
before(async () => {
  [job, release, silent] = await Promise.all([startJob(), startReleaseJob(), startFaultyServer()]);
  folder = mkdtempSync(join(tmpdir(), 'civault-leaks-'));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([job.end(), release.gitlab.close(), silent.close()]);
});

interface Way {
  readonly args: readonly string[];
  readonly env?: () => Readonly<Record<string, string | undefined>>;
  readonly status: number;
  /** What it was asked to give out, by fields of the secrets read. */
  readonly gives?: 'secrets' | 'token';
}

const nowhere = { VAULT_ADDR: 'https://127.0.0.1:1' };
const throughProxy =
  (more: Readonly<Record<string, string>> = {}) =>
  () => ({
    VAULT_PROXY_ADDR: `http://user:${PROXY_PASSWORD}@127.0.0.1:1`,
    ...more,
  });
const own = { VAULT_TOKEN: OWN_TOKEN };
const shell = (script: string) => ['--', '/bin/sh', '-c', script];

const WAYS: Readonly<Record<string, Way>> = {
  'a field': { args: ['get', REF], status: 0, gives: 'secrets' },
  'a whole secret': { args: ['get', CREDENTIALS], status: 0, gives: 'secrets' },
  'a file': { args: ['get', CREDENTIALS, '--output', 'out'], status: 0, gives: 'secrets' },
  assignments: { args: ['env', `P_*=${CREDENTIALS}`], status: 0, gives: 'secrets' },
  'a template': { args: ['inject', 'template', '--output', 'filled'], status: 0, gives: 'secrets' },
  'credentials of a registry': {
    args: ['docker-login', 'r.example', CREDENTIALS],
    status: 0,
    gives: 'secrets',
  },
  'a command that tells its environment': {
    args: ['exec', `A=${REF}`, ...shell('cat /proc/self/environ /proc/self/cmdline')],
    status: 0,
  },
  'a command that fails': {
    args: ['exec', `P_*=${CREDENTIALS}`, ...shell('echo "$P_PASSWORD" >&2; exit 3')],
    status: 3,
  },
  'a command that is not there': { args: ['exec', `A=${REF}`, '--', './not-there'], status: 127 },
  'the token, for another tool': { args: ['token'], status: 0, gives: 'token' },
  'the doctor': { args: ['doctor', REF], status: 0 },
  'the doctor, with a token of its own': { args: ['doctor', REF], env: () => own, status: 4 },
  'a field that is not there': { args: ['get', `${SECRET}#nothing`], status: 5 },
  'a secret that is not there': { args: ['get', 'secret/data/ci/nothing#a'], status: 5 },
  'a path that no policy allows': { args: ['get', 'secret/data/nexus/admin#password'], status: 4 },
  'another role': { args: ['get', REF, '--role', 'unknown'], status: 4 },
  'another audience': { args: ['get', REF, '--auth-path', 'elsewhere'], status: 4 },
  'the ID token in the place of a role': {
    args: ['get', REF],
    env: () => ({ VAULT_ROLE: job.env['VAULT_ID_TOKEN'] }),
    status: 2,
  },
  'the ID token in the place of an address': {
    args: ['get', REF],
    env: () => ({ VAULT_ADDR: job.env['VAULT_ID_TOKEN'] }),
    status: 2,
  },
  'an ID token that is cut': {
    args: ['get', REF],
    env: () => ({ VAULT_ID_TOKEN: job.env['VAULT_ID_TOKEN']?.slice(0, -40) }),
    status: 4,
  },
  'a token that Vault does not know': { args: ['get', REF], env: () => own, status: 4 },
  'a token with a line break': {
    args: ['get', REF],
    env: () => ({ VAULT_TOKEN: `${OWN_TOKEN}\nX-Other: 1` }),
    status: 2,
  },
  'a CA that does not know the server': {
    args: ['get', REF],
    env: () => ({ VAULT_CACERT_BYTES: undefined }),
    status: 7,
  },
  'a server that is not there': { args: ['get', REF, '--retries', '1'], env: () => nowhere, status: 6 },
  'a server that is silent': {
    args: ['env', `A=${REF}`, '--timeout', '1'],
    env: () => ({ VAULT_ADDR: `https://127.0.0.1:${silent.port}` }),
    status: 6,
  },
  'a proxy that is not there': { args: ['get', REF, '--retries', '1'], env: throughProxy(), status: 6 },
  'a proxy that is silent': {
    args: ['get', REF, '--timeout', '1'],
    env: () => ({ VAULT_PROXY_ADDR: `http://user:${PROXY_PASSWORD}@127.0.0.1:${silent.port}` }),
    status: 6,
  },
  'a proxy whose address is none': {
    args: ['get', REF],
    env: () => ({ VAULT_PROXY_ADDR: `ftp://user:${PROXY_PASSWORD}@x:y` }),
    status: 2,
  },
  'a password in the address of Vault': {
    args: ['get', REF],
    env: () => ({ VAULT_ADDR: `https://user:${PROXY_PASSWORD}@127.0.0.1:1` }),
    status: 2,
  },
  'a template that is broken': { args: ['inject', 'broken'], status: 2 },
  'a disk that is full': { args: ['get', CREDENTIALS, '--output', '/dev/full'], status: 2 },
  'a config.json that is none': {
    args: ['docker-login', 'r.example', CREDENTIALS],
    env: () => ({ DOCKER_CONFIG: join(folder, 'broken-docker') }),
    status: 2,
  },
  'a release': { args: ['download', 'notes.txt'], status: 0 },
  'an asset that is not there': { args: ['download', 'nothing'], status: 5 },
  'a GitLab that does not know the token': {
    args: ['download', 'notes.txt'],
    env: () => ({ CI_JOB_TOKEN: undefined, GITLAB_TOKEN }),
    status: 4,
  },
  'a GitLab that is not there': {
    args: ['download', 'notes.txt', '--retries', '1'],
    env: () => ({ CI_API_V4_URL: 'https://127.0.0.1:1/api/v4' }),
    status: 6,
  },
};

/** Each marked text, in the forms in which it could be told. */
function marks(tokens: readonly string[]): ReadonlyMap<string, string> {
  const [, payload = '', signature = ''] = (job.env['VAULT_ID_TOKEN'] ?? '').split('.');
  const texts = [
    ['the ID token', signature],
    ["the ID token's claims", payload],
    ['the proxy password', PROXY_PASSWORD],
    ["the job's own token", OWN_TOKEN],
    ["a person's GitLab token", GITLAB_TOKEN],
    ['the job token', JOB_TOKEN],
    ...tokens.map((token) => ['a token of a login', token] as const),
  ] as const;
  return new Map([
    ...texts.map(([what, text]) => [text.slice(0, 40), what] as const),
    ...texts.map(
      ([what, text]) => [Buffer.from(text).toString('base64').slice(0, 30), `${what}, in base64`] as const,
    ),
    [Buffer.from(`user:${PROXY_PASSWORD}`).toString('base64'), "the proxy's header"],
  ]);
}

const passwords = () =>
  Object.values(job.guide.secrets).flatMap(({ password, token }) =>
    [password, token].filter((value) => typeof value === 'string'),
  );

describe('nothing is told', { concurrency: 2 }, () => {
  for (const [what, way] of Object.entries(WAYS)) {
    test(what, async () => {
      const home = join(folder, what.replaceAll(/\W/g, '-'));
      mkdirSync(home);
      writeFileSync(join(home, 'template'), `{{ civault ${CREDENTIALS}#password }}`);
      writeFileSync(join(home, 'broken'), `{{ civault ${CREDENTIALS}#password`);
      mkdirSync(join(folder, 'broken-docker'), { recursive: true });
      writeFileSync(join(folder, 'broken-docker/config.json'), '{"auths":');
      writeFileSync(join(folder, 'ca.pem'), release.gitlab.authority.certificatePem);
      const inputs = new Set(readdirSync(home));
      const variables: Record<string, string | undefined> = {
        ...job.env,
        ...release.env,
        CI_SERVER_TLS_CA_FILE: join(folder, 'ca.pem'),
        HOME: home,
        TMPDIR: home,
        DOCKER_CONFIG: home,
        PATH: '/usr/bin:/bin',
        ...way.env?.(),
      };
      const env: Record<string, string> = Object.fromEntries(
        Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      );
      const before = job.vault.requests.length;
      let commandLine = '';
      const run: Outcome = await runCommand(CIVAULT, way.args, {
        cwd: home,
        env,
        started: (pid) => {
          commandLine = commandLineOf(pid);
        },
      });
      assert.equal(run.status, way.status, run.stderr);
      const tokens = job.vault.requests
        .slice(before)
        .map(({ headers }) => String(headers['x-vault-token'] ?? ''))
        .filter((token) => token.length > 20);
      const files = readdirSync(home).filter(
        (name) => !inputs.has(name) && statSync(join(home, name)).isFile(),
      );
      const left = files.map((name) => readFileSync(join(home, name), 'latin1'));
      const told = {
        'standard output': run.stdout.toString('latin1'),
        'standard error': run.stderr,
        'a file': left.join('\n'),
        'its command line': commandLine,
      };
      for (const [place, text] of Object.entries(told)) {
        for (const [mark, name] of marks(tokens)) {
          const isAskedFor =
            way.gives === 'token' && place === 'standard output' && name.startsWith('a token of a login');
          const isHandedOn =
            place === 'standard output' && way.args[0] === 'exec' && name === 'the job token';
          if (!isAskedFor && !isHandedOn) assert.ok(!text.includes(mark), `${name} in ${place}`);
        }
        for (const password of passwords()) {
          const isAskedFor = way.gives === 'secrets' && (place === 'standard output' || place === 'a file');
          if (!isAskedFor) assert.ok(!text.includes(password), `a secret in ${place}`);
        }
      }
      assert.doesNotMatch(run.stderr, /\n {4}at |node:internal/, 'a stack trace');
    });
  }
});

test('nor by a runtime that dies for want of memory, at whatever moment', async (t) => {
  const ends = new Map<number, number>();
  for (let megabytes = 600; megabytes <= 700; megabytes += 5) {
    const { status, stdout, stderr } = await runCommand(
      'prlimit',
      [`--as=${megabytes}000000`, CIVAULT, 'get', REF],
      {
        env: { ...job.env, PATH: '/usr/bin:/bin' },
        cwd: folder,
      },
    );
    ends.set(status, (ends.get(status) ?? 0) + 1);
    const tokens = job.vault.requests.map(({ headers }) => String(headers['x-vault-token'] ?? ''));
    for (const [mark, name] of marks(tokens.filter((token) => token.length > 20))) {
      assert.ok(!stdout.includes(mark) && !stderr.includes(mark), name);
    }
    // It may die when all is done but to end the token.
    assert.ok(
      ['', String(job.guide.secrets[SECRET]?.['url'])].includes(stdout.toString()),
      'a part of a result',
    );
  }
  t.diagnostic(`how often it ended with which status: ${JSON.stringify([...ends])}`);
  assert.deepEqual(
    readdirSync(folder).filter((name) => /core|report|heap/i.test(name)),
    [],
  );
});

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
