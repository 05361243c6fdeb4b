// Proves on the binary, in a BusyBox-only root where this user can make one, that docker-login puts credentials into
// Docker's config.json and loses nothing that is in it: whatever it is, however many write it, whenever they are killed.

import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BusyboxRoot, makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { type CommandOptions, type Outcome, runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { markSecrets } from '../harness/leaks.ts';
import { makePlace, type Place } from '../harness/place.ts';

const ORCHESTRATOR = 'secret/data/nexus/svc-orchestrator';
const EXECUTOR = 'secret/data/nexus/svc-executor';
const REGISTRY = 'nexus.shared.cwiq.io:8443';

let job: Job;
let place: Place;
/** The folder of a test, as the job sees it and as this process does. */
let folder: string;
let here: string;
/** Tokens that lived before the test. */
let alive: readonly string[];

before(async () => {
  job = await startJob();
  place = makePlace();
  markSecrets([auth(ORCHESTRATOR), auth(EXECUTOR)]);
});
after(async () => {
  place?.remove();
  await job?.end();
});
beforeEach(() => {
  job.vault.requests.length = 0;
  alive = job.vault.liveTokens();
  here = mkdtempSync(join(place.root ?? tmpdir(), 'docker-'));
  folder = here.slice((place.root ?? '').length);
});
afterEach(() => rmSync(here, { recursive: true, force: true }));

function auth(path: string): string {
  const { username, password } = job.guide.secrets[path] ?? {};
  return Buffer.from(`${username}:${password}`).toString('base64');
}

const login = (args: string, options: CommandOptions = {}): Promise<Outcome> =>
  place.run(`exec civault docker-login ${args}`, {
    ...options,
    env: { ...job.env, DOCKER_CONFIG: folder, ...options.env },
  });
const config = () => JSON.parse(readFileSync(join(here, 'config.json'), 'utf8'));
const modeOf = (path: string) => (lstatSync(join(here, path)).mode & 0o777).toString(8);
const wrote = (...keys: string[]) =>
  keys.map((key) => `civault: wrote the credentials of ${key} to ${folder}/config.json\n`).join('');

function assertDone({ status, stdout, stderr }: Outcome, says: string): void {
  assert.deepEqual({ status, stdout: stdout.toString(), stderr }, { status: 0, stdout: '', stderr: says });
}

function assertRefused({ status, stdout, stderr }: Outcome, wanted: number, ...says: RegExp[]): void {
  assert.deepEqual({ status, stdout: stdout.toString() }, { status: wanted, stdout: '' }, stderr);
  for (const part of says) assert.match(stderr, part);
}

describe('what is written', () => {
  for (const mask of ['000', '022', '077']) {
    test(`folders are 0700 and the file is 0600, with a umask of ${mask}`, async () => {
      const env = { ...job.env, HOME: `${folder}/a/b` };
      const run = await place.run(`umask ${mask}; exec civault docker-login ${REGISTRY} ${ORCHESTRATOR}`, {
        env,
      });
      const path = `${folder}/a/b/.docker/config.json`;
      assertDone(run, `civault: wrote the credentials of ${REGISTRY} to ${path}\n`);
      assert.deepEqual(['a', 'a/b', 'a/b/.docker'].map(modeOf), ['700', '700', '700']);
      assert.equal(modeOf('a/b/.docker/config.json'), '600');
      assert.equal(
        readFileSync(join(here, 'a/b/.docker/config.json'), 'utf8'),
        `{\n\t"auths": {\n\t\t"${REGISTRY}": {\n\t\t\t"auth": "${auth(ORCHESTRATOR)}"\n\t\t}\n\t}\n}\n`,
      );
      assert.deepEqual(readdirSync(join(here, 'a/b/.docker')), ['config.json']);
    });
  }

  test('several registries take one login, one read a secret and one revocation', async () => {
    const run = await login(
      `${REGISTRY} ${ORCHESTRATOR} docker.io ${EXECUTOR} https://b.example/v2/ ${EXECUTOR}`,
    );
    assertDone(run, wrote(REGISTRY, 'https://index.docker.io/v1/', 'b.example'));
    assert.deepEqual(config(), {
      auths: {
        [REGISTRY]: { auth: auth(ORCHESTRATOR) },
        'https://index.docker.io/v1/': { auth: auth(EXECUTOR) },
        'b.example': { auth: auth(EXECUTOR) },
      },
    });
    assert.deepEqual(job.vault.requests.map(({ method, path }) => `${method} ${path}`).sort(), [
      `GET /v1/${EXECUTOR}`,
      `GET /v1/${ORCHESTRATOR}`,
      'POST /v1/auth/jwt/login',
      'POST /v1/auth/token/revoke-self',
    ]);
  });

  test('a config keeps all else, its numbers too, and the entry is replaced as a whole', async () => {
    const old = `{"psFormat":"x","auths":{"z.example":{"auth":"eg=="},"${REGISTRY}":{"identitytoken":"old"}},"n":12345678901234567890,"f":1.10}`;
    writeFileSync(join(here, 'config.json'), old, { mode: 0o644 });
    assertDone(await login(`${REGISTRY} ${EXECUTOR}`), wrote(REGISTRY));
    const text = readFileSync(join(here, 'config.json'), 'utf8');
    assert.equal(
      text.replace(/[\n\t]/g, '').replaceAll('": ', '":'),
      old.replace('"identitytoken":"old"', `"auth":"${auth(EXECUTOR)}"`),
    );
    assert.equal(modeOf('config.json'), '600');
    assertDone(await login(`${REGISTRY} ${EXECUTOR}`), wrote(REGISTRY));
    assert.equal(readFileSync(join(here, 'config.json'), 'utf8'), text);
  });

  for (const [what, exists] of [
    ['there', true],
    ['not there yet', false],
  ] as const) {
    test(`a symbolic link stays, and the file that it points to is written: ${what}`, async () => {
      mkdirSync(join(here, 'real'));
      symlinkSync('real/of-many', join(here, 'config.json'));
      if (exists) writeFileSync(join(here, 'real/of-many'), '{"a":1}');
      assertDone(await login(`${REGISTRY} ${EXECUTOR}`), wrote(REGISTRY));
      assert.ok(lstatSync(join(here, 'config.json')).isSymbolicLink());
      assert.deepEqual(config(), {
        ...(exists ? { a: 1 } : {}),
        auths: { [REGISTRY]: { auth: auth(EXECUTOR) } },
      });
      assert.deepEqual(
        [readdirSync(here), readdirSync(join(here, 'real'))],
        [['config.json', 'real'], ['of-many']],
      );
    });
  }

  test('other fields, by name and by JSON Pointer', async () => {
    await job.vault.request('POST', 'secret/data/ci/registry', {
      data: { 'robot.name': 'robot$ci', '': 'empty name' },
    });
    assertDone(
      await login(`a.example secret/ci/registry --username-field robot.name --password-field=`),
      wrote('a.example'),
    );
    assert.equal(config().auths['a.example'].auth, Buffer.from('robot$ci:empty name').toString('base64'));
    const pointers = `--username-field /nested/user --password-field '/nested/a~1b/c~0d'`;
    assertDone(await login(`b.example secret/data/ci/everything ${pointers}`), wrote('b.example'));
    assert.match(Buffer.from(config().auths['b.example'].auth, 'base64').toString(), /^inner:[\w-]{12}$/);
  });

  test('a dynamic secret leaves the token alive, and says so', async () => {
    const { status, stderr } = await login('a.example database/creds/ci-readonly');
    assert.equal(status, 0);
    assert.match(
      stderr,
      /^civault: wrote the credentials of a\.example .*\ncivault: note: the Vault token is kept alive/,
    );
  });

  test('a program that Docker asks instead is told', async () => {
    writeFileSync(
      join(here, 'config.json'),
      '{"credsStore":"desktop","credHelpers":{"ecr.example":"ecr-login"}}',
    );
    const run = await login(`ecr.example ${EXECUTOR} a.example ${EXECUTOR}`, {
      env: { DOCKER_AUTH_CONFIG: '{"auths":{"a.example":{"auth":"b2xkOm9sZA=="}}}' },
    });
    assert.equal(run.status, 0);
    assert.deepEqual(run.stderr.split('\n').slice(2), [
      `civault: warning: for ecr.example Docker asks docker-credential-ecr-login (credHelpers in ${folder}/config.json) and not this entry: take the registry out of credHelpers, or set DOCKER_CONFIG to another folder`,
      `civault: warning: for a.example Docker asks docker-credential-desktop (credsStore in ${folder}/config.json) and not this entry: take credsStore out, or set DOCKER_CONFIG to another folder`,
      'civault: warning: DOCKER_AUTH_CONFIG holds credentials of a.example too, which Docker 28.3 and later take before this entry: unset it, or take the registry out of it',
      '',
    ]);
  });
});

describe('what is refused before Vault is asked', () => {
  for (const [what, content, says] of [
    ['that is cut short', '{"auths":{"a":{"auth":"c2VjcmV0"}}', /config\.json is not JSON at character 34\n/],
    ['that is a list', '[]', /config\.json is JSON, but no object\n/],
    ['whose auths is a list', '{"auths":[]}', /config\.json has "auths" that is no object\n/],
    ['that is not UTF-8', Buffer.from('7b2261223a22ff227d', 'hex'), /config\.json: it is not UTF-8\n/],
  ] as const) {
    test(`a config ${what} stays as it is`, async () => {
      writeFileSync(join(here, 'config.json'), content);
      const run = await login(`${REGISTRY} ${EXECUTOR}`);
      assertRefused(run, 2, says, /\ncivault: hint: .*set DOCKER_CONFIG to another folder\n$/);
      assert.doesNotMatch(run.stderr, /c2Vjcm/);
      assert.deepEqual(readFileSync(join(here, 'config.json')), Buffer.from(content));
      assert.deepEqual([job.vault.requests.length, readdirSync(here)], [0, ['config.json']]);
    });
  }

  test('a config that is a folder, and one that is a pipe', async () => {
    mkdirSync(join(here, 'config.json'));
    assertRefused(await login(`${REGISTRY} ${EXECUTOR}`), 2, /cannot read .*config\.json: it is a folder\n/);
    rmSync(join(here, 'config.json'), { recursive: true });
    await runCommand('/usr/bin/mkfifo', [join(here, 'config.json')]);
    assertRefused(await login(`${REGISTRY} ${EXECUTOR}`), 2, /config\.json: it is no regular file\n/);
    assert.equal(job.vault.requests.length, 0);
  });

  test('a folder that cannot be made, and none at all', async () => {
    writeFileSync(join(here, 'file'), '');
    const env = { DOCKER_CONFIG: `${folder}/file/docker` };
    assertRefused(
      await login(`${REGISTRY} ${EXECUTOR}`, { env }),
      2,
      /cannot make the folder .*\(ENOTDIR\)\n.*hint: set DOCKER_CONFIG/,
    );
    const none = await login(`${REGISTRY} ${EXECUTOR}`, { env: { DOCKER_CONFIG: '', HOME: '' } });
    assertRefused(none, 2, /neither DOCKER_CONFIG nor HOME is set\n.*hint: set DOCKER_CONFIG to a folder/);
    const unfilled = await login(`${REGISTRY} ${EXECUTOR}`, { env: { DOCKER_CONFIG: '$CI_BUILDS/docker' } });
    assertRefused(
      unfilled,
      2,
      /DOCKER_CONFIG is "\$CI_BUILDS\/docker": a variable in it was never filled in\n/,
    );
    assert.equal(job.vault.requests.length, 0);
  });

  for (const [args, ...says] of [
    ['', /needs a REGISTRY and a REF\n/],
    [REGISTRY, /takes pairs of REGISTRY and REF/],
    [
      `${REGISTRY} ${EXECUTOR} other.example`,
      /takes pairs of REGISTRY and REF/,
      /hint: each REGISTRY is followed by/,
    ],
    [
      `${REGISTRY} ${EXECUTOR}#password`,
      /names a field/,
      /write secret\/data\/nexus\/svc-executor; .*--username-field username --password-field password\n/,
    ],
    [
      `${REGISTRY} nexus/svc-executor/password@secret`,
      /names a field/,
      /write secret\/data\/nexus\/svc-executor;/,
    ],
    [
      `${REGISTRY} '${EXECUTOR}?version=2#a' --username-field=/u/n`,
      /svc-executor\?version=2; .*--username-field \/u\/n/,
    ],
    [`nexus.example/team/app ${EXECUTOR}`, /it has a path\n/, /hint: write its host alone: nexus\.example\n/],
    [`${EXECUTOR} ${REGISTRY}`, /it has a path\n/, /hint: first the REGISTRY, then its REF/],
    [`'' ${EXECUTOR}`, /a REGISTRY is empty\n/],
    [`'$CI_REGISTRY' ${EXECUTOR}`, /never filled in\n/],
    [
      `docker.io ${EXECUTOR} https://index.docker.io/v1/ ${EXECUTOR}`,
      /https:\/\/index\.docker\.io\/v1\/ is given twice\n/,
    ],
    [`${REGISTRY} ${EXECUTOR} --password-field /a~b`, /--password-field is "\/a~b": not a field's name\n/],
    [`${REGISTRY} ${EXECUTOR} --output x`, /unknown flag "--output"\n/],
  ] as const) {
    test(`docker-login ${args}`, async () => {
      assertRefused(await login(args), 2, ...says);
      assert.deepEqual([job.vault.requests.length, readdirSync(here)], [0, []]);
    });
  }
});

describe('what is refused once the secret is there', () => {
  for (const [what, data, status, says] of [
    [
      'a user name with a colon',
      { username: 'user-name:with', password: 'pass-word-1' },
      2,
      /ci\/odd#username holds a colon\n/,
    ],
    ['an empty password', { username: 'user-name-1', password: '' }, 2, /ci\/odd#password is empty\n/],
    [
      'a password that ends in a line break',
      { username: 'user-name-1', password: 'pass-word-1\n' },
      2,
      /ci\/odd#password begins or ends with a line break\ncivault: hint: it would be sent with it/,
    ],
    [
      'a password with NUL',
      { username: 'user-name-1', password: 'pass-word-1\0' },
      2,
      /ci\/odd#password holds a NUL byte\n/,
    ],
    ['no such field', { username: 'user-name-1', secret: 'pass-word-1' }, 5, /has no field "password"\n/],
    ['a field that is null', { username: 'user-name-1', password: null }, 5, /"password" of .* is null\n/],
  ] as const) {
    test(`${what}: the file stays, and no value is told`, async () => {
      writeFileSync(join(here, 'config.json'), '{"a":1}');
      await job.vault.request('POST', 'secret/data/ci/odd', { data });
      const run = await login(`a.example ${EXECUTOR} ${REGISTRY} secret/data/ci/odd`);
      assertRefused(run, status, says);
      assert.doesNotMatch(run.stderr, /user-name|pass-word/);
      assert.equal(readFileSync(join(here, 'config.json'), 'utf8'), '{"a":1}');
      assert.deepEqual(readdirSync(here), ['config.json']);
      assert.deepEqual(job.vault.liveTokens(), alive);
    });
  }
});

describe('where the file cannot be written', { skip: whyNoRoot() ?? false }, () => {
  let root: BusyboxRoot;
  before(() => {
    root = makeBusyboxRoot();
  });
  after(() => root?.remove());

  async function inMounts(t: { skip: (why: string) => void }, mount: string): Promise<Outcome | undefined> {
    mkdirSync(join(root.path, 'm'), { recursive: true });
    const script = `mount -t tmpfs -o size=64k,mode=700 none "$ROOT/m" || exit 99; ${mount}
      chroot "$ROOT" /bin/busybox ash -c 'DOCKER_CONFIG=/m civault docker-login ${REGISTRY} ${ORCHESTRATOR}; s=$?
        busybox ls -A /m; busybox cat /m/config.json; exit $s'`;
    const env = { ...job.env, ROOT: root.path, PATH: '/bin:/usr/sbin:/usr/bin:/sbin' };
    const run = await runCommand('unshare', ['--mount', 'sh', '-c', script], { env });
    if (run.status !== 99 && !run.stderr.includes('unshare')) return run;
    t.skip(`no mounts may be made here: ${run.stderr.trim()}`);
    return undefined;
  }

  test('by another user: a folder that is root’s, and a file that may not be read', async () => {
    const options = { user: '1000:1000', env: { ...job.env, DOCKER_CONFIG: '/etc/docker' } };
    root.put('etc/docker/config.json', '{}');
    const script = `civault docker-login ${REGISTRY} ${EXECUTOR}`;
    assertRefused(
      await root.run(script, options),
      2,
      /cannot write \/etc\/docker\/config\.json: this user may not write there \(EACCES\)\n/,
    );
    await root.run('busybox chmod 600 /etc/docker/config.json');
    assertRefused(
      await root.run(script, options),
      2,
      /cannot read \/etc\/docker\/config\.json: this user may not read it \(EACCES\)\n/,
    );
    const none = await root.run(script, { ...options, env: { ...job.env, HOME: '/' } });
    assertRefused(
      none,
      2,
      /cannot make the folder \/\.docker \(EACCES\)\ncivault: hint: set DOCKER_CONFIG to a folder/,
    );
    assert.deepEqual(
      [job.vault.requests.length, readdirSync(join(root.path, 'etc/docker'))],
      [0, ['config.json']],
    );
  });

  test('on a read-only file system', async (t) => {
    const run = await inMounts(t, 'echo "{}" > "$ROOT/m/config.json"; mount -o remount,ro "$ROOT/m"');
    if (run === undefined) return;
    assert.deepEqual([run.status, run.stdout.toString()], [2, 'config.json\n{}\n']);
    assert.match(
      run.stderr,
      /^civault: cannot write \/m\/config\.json: its file system is read-only \(EROFS\)\n/,
    );
    assert.equal(job.vault.requests.length, 0);
  });

  test('on a full disk', async (t) => {
    const run = await inMounts(
      t,
      'echo "{}" > "$ROOT/m/config.json"; cat /dev/zero > "$ROOT/m/full" 2>/dev/null',
    );
    if (run === undefined) return;
    assert.deepEqual([run.status, run.stdout.toString()], [2, 'config.json\nfull\n{}\n']);
    assert.match(run.stderr, /^civault: cannot write \/m\/config\.json: the disk is full \(ENOSPC\)\n/);
    assert.deepEqual(job.vault.liveTokens(), alive);
  });
});

describe('many at once, and those that are killed', () => {
  const lock = () => join(here, 'config.json.lock');
  const makeOld = () => existsSync(lock()) && utimesSync(lock(), 1, Date.now() / 1000 - 11);

  test('twenty processes with twenty registries lose none', async () => {
    writeFileSync(join(here, 'config.json'), '{"auths":{"old.example":{"auth":"b2xk"}}}');
    const keys = Array.from({ length: 20 }, (_, index) => `r${index}.example`);
    const runs = await Promise.all(keys.map((key) => login(`${key} ${EXECUTOR}`)));
    for (const [index, run] of runs.entries()) assertDone(run, wrote(keys[index] ?? ''));
    assert.deepEqual(Object.keys(config().auths).sort(), ['old.example', ...keys].sort());
    assert.deepEqual(readdirSync(here), ['config.json']);
  });

  test('thirty that are killed at any moment leave the file whole, and nothing once another has run', async (t) => {
    const started = performance.now();
    await login(`first.example ${EXECUTOR}`);
    const usual = performance.now() - started;
    const reads = () => job.vault.requests.filter(({ path }) => path === `/v1/${EXECUTOR}`).length;
    const kept = new Set(['first.example']);
    const found = { killed: 0, locks: 0, leftovers: 0 };
    for (let turn = 0; turn < 30; turn += 1) {
      const before = reads();
      const run = await login(`r${turn}.example ${EXECUTOR}`, {
        started: async (pid) => {
          // Every other one once it has the secret: the file is written then, within milliseconds.
          if (turn % 2 === 0) await sleep(usual * Math.random());
          else await until(() => reads() > before, 1);
          await sleep(turn % 2 === 0 ? 0 : 20 * Math.random());
          kill(pid);
        },
      });
      if (run.status === 137) found.killed += 1;
      else assertDone(run, wrote(`r${turn}.example`));
      const { auths } = config();
      for (const key of kept) assert.deepEqual(auths[key], { auth: auth(EXECUTOR) }, `${key} is lost`);
      if (run.status === 0) assert.ok(`r${turn}.example` in auths);
      for (const key of Object.keys(auths)) kept.add(key);
      if (existsSync(lock())) found.locks += 1;
      if (readdirSync(here).some((name) => name.endsWith('.civault'))) found.leftovers += 1;
      makeOld();
    }
    t.diagnostic(`${found.killed} killed: ${found.locks} had the lock, ${found.leftovers} left half a file`);
    assert.ok(found.killed > 0, 'none was killed');
    assertDone(await login(`last.example ${EXECUTOR}`), wrote('last.example'));
    assert.deepEqual(Object.keys(config().auths).sort(), [...kept, 'last.example'].sort());
    assert.deepEqual(readdirSync(here), ['config.json']);
  });

  test('what a killed one leaves behind: its lock holds others up until its time is over', async () => {
    writeFileSync(lock(), '');
    writeFileSync(join(here, '.config.json.3k2jd8.civault'), '{"auths":');
    const run = login(`${REGISTRY} ${EXECUTOR}`);
    await sleep(2_000);
    assert.deepEqual(readdirSync(here), ['.config.json.3k2jd8.civault', 'config.json.lock']);
    makeOld();
    assertDone(await run, wrote(REGISTRY));
    assert.deepEqual(readdirSync(here), ['config.json']);
  });

  test('one that waits goes on as soon as the lock is gone', async () => {
    writeFileSync(lock(), '');
    const run = login(`${REGISTRY} ${EXECUTOR}`);
    await sleep(2_000);
    unlinkSync(lock());
    assertDone(await run, wrote(REGISTRY));
  });

  test('SIGTERM ends one that waits: status 143, the token revoked, the lock as it was', async () => {
    writeFileSync(lock(), 'of another');
    let waiting = 0;
    const run = login(`${REGISTRY} ${EXECUTOR}`, {
      started: (pid) => {
        waiting = pid;
      },
    });
    await until(() => job.vault.requests.some(({ path }) => path === `/v1/${EXECUTOR}`));
    await sleep(300);
    kill(waiting, 'SIGTERM');
    const { status, stderr } = await run;
    assert.deepEqual([status, stderr], [143, 'civault: ended by SIGTERM\n']);
    assert.deepEqual([readdirSync(here), readFileSync(lock(), 'utf8')], [['config.json.lock'], 'of another']);
    assert.deepEqual(job.vault.liveTokens(), alive);
  });
});

function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

async function until(met: () => boolean, every = 20): Promise<void> {
  const started = performance.now();
  while (!met()) {
    if (performance.now() - started > 10_000) throw new Error('it did not come to that');
    await sleep(every);
  }
}
