// Proves on the binary where `civault inject` takes its template from, that waiting for it can be ended, and that mistakes
// on the command line cost no login.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { injections, RESULT, URL, URL_OF } from '../harness/injection.ts';
import { assertFailed, judged } from '../harness/judged-run.ts';

describe('what civault inject reads, in a BusyBox root where there can be one', () => {
  const at = injections();

  for (const [what, script] of [
    ['a file', 'civault inject template'],
    ['standard input', 'civault inject < template'],
    ['standard input, by its name', 'civault inject - < template'],
    ['a pipe', 'cat template | civault inject'],
    [
      'a pipe that takes its time',
      '(sleep 0.3; head -n 1 template; sleep 0.3; tail -n 1 template) | civault inject -',
    ],
    ['a named pipe', 'mkfifo p; (sleep 0.3; cat template > p) & civault inject p'],
    [
      'a named pipe whose writer takes its time',
      'mkfifo p; (exec 3> p; sleep 0.3; cat template >&3; sleep 0.3) & civault inject p',
    ],
    ['a file by a link', 'ln -s template link; civault inject link'],
    ['a file, with -- before it', 'civault inject -- template'],
    ['a file, to standard output by its name', 'civault inject template --output -'],
  ] as const) {
    test(`the template comes from ${what}`, () => at.gives(script, RESULT));
  }

  for (const [what, command] of [
    ['a process substitution', 'civault inject <(cat template)'],
    ['/dev/stdin', 'cat template | civault inject /dev/stdin'],
  ] as const) {
    test(`the template comes from ${what}, where there is bash`, async (context) => {
      const env = { ...at.job.env, PATH: `${process.env['PATH']}`, CIVAULT };
      const script = command.replace('civault', '"$CIVAULT"');
      const outcome = await runCommand('bash', ['-c', script], { env, cwd: at.folder }).catch(
        () => undefined,
      );
      if (outcome === undefined) return context.skip('there is no bash');
      assert.deepEqual([outcome.status, outcome.stdout.toString(), outcome.stderr], [0, RESULT, '']);
    });
  }

  for (const [what, script, ...parts] of [
    [
      'a FILE that is not there',
      'civault inject absent',
      /cannot read the template "absent": there is no such file \(ENOENT\)\ncivault: hint: /,
    ],
    ['a FILE without a name', 'civault inject ""', /cannot read the template "": there is no such file/],
    ['a folder', 'mkdir d; civault inject d', /cannot read the template "d": that is a folder \(EISDIR\)/],
    ['a path through a file', 'civault inject template/x', /a part of its path is no folder/],
    ['links that go in a circle', 'ln -s l l; civault inject l', /its symbolic links go in a circle/],
    [
      'a folder for standard input',
      'mkdir d; civault inject < d',
      /there is no template: standard input is empty/,
    ],
    [
      'an empty standard input',
      ': > e; civault inject < e',
      /there is no template: standard input is empty\ncivault: hint: name a FILE/,
    ],
    ['two FILEs', 'civault inject template result', /inject takes one FILE, not 2/],
    [
      'an output in a folder that is not there',
      'civault inject template --output no/x',
      /cannot write no\/x: there is no such folder/,
    ],
    [
      'an output that is a folder',
      'mkdir d; civault inject < template --output d',
      /cannot write d: that is a folder/,
    ],
    ['an output without a name', 'civault inject template --output', /--output needs a value/],
  ] as const) {
    test(`${what} is told, and Vault is not asked`, async () => {
      assertFailed(await at.run(script), 2, ...parts);
      assert.deepEqual(at.sent(), []);
    });
  }

  for (const [what, script] of [
    ['standard input', 'exec 3<>p; exec civault inject --output result <&3'],
    ['a named pipe that nobody writes', 'exec civault inject p --output result'],
    ['a named pipe that is half written', 'exec 3<>p; echo x >&3; exec civault inject p --output result'],
  ] as const) {
    test(`SIGTERM ends it within a second while it awaits ${what}`, async () => {
      const started = (pid: number) => setTimeout(() => process.kill(pid, 'SIGTERM'), 800);
      const options = { limit: 30_000, started };
      const { status, stderr, milliseconds } = await at.run(`mkfifo p; ${script}`, options);
      assert.deepEqual({ status, stderr }, { status: 143, stderr: 'civault: ended by SIGTERM\n' });
      assert.ok(milliseconds < 1800, `${milliseconds.toFixed()} ms`);
      assert.deepEqual(readdirSync(at.folder).sort(), ['p', 'template']);
    });
  }

  test('a terminal is told that it is awaited', async (context) => {
    const script = `import os, pty, sys
pid, fd = pty.fork()
if pid == 0: os.execv(sys.argv[1], [sys.argv[1], 'inject'])
seen = b''
while b'Ctrl-D' not in seen: seen += os.read(fd, 1000)
os.write(fd, b'plain\\n\\x04')
try:
  while True: seen += os.read(fd, 1000)
except OSError: pass
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])); print(seen.decode())`;
    const env = { PATH: `${process.env['PATH']}` };
    const outcome = await runCommand('python3', ['-c', script, CIVAULT], { env, limit: 30_000 }).catch(
      () => undefined,
    );
    if (outcome === undefined) return context.skip('there is no python3');
    assert.match(
      outcome.stdout.toString(),
      /^0\ncivault: note: the template is awaited on standard input: Ctrl-D ends it\r\n/,
      outcome.stderr,
    );
  });

  test('20 MiB take seconds at most, and no more than 32 MiB are read, from what has no end either', async () => {
    const line = Buffer.from(`<value a="1">{{ .x }} é {{ civault ${URL_OF} | xml }}</value>\n`);
    const bytes = Buffer.alloc(20 * 1024 * 1024, line).subarray(0, -line.length);
    at.put('large', bytes);
    const outcome = await at.run('civault inject large --output result');
    assert.deepEqual([outcome.status, outcome.stderr], [0, '']);
    assert.ok(outcome.milliseconds < 5000, `${outcome.milliseconds.toFixed()} ms`);
    assert.ok(at.see('result') === at.see('large').replaceAll(`{{ civault ${URL_OF} | xml }}`, URL));
    at.put('largest', Buffer.alloc(32 * 1024 * 1024 + 1, 'x'));
    const large = /cannot read the template \S+: it is larger than 32 MiB, which no template is/;
    assertFailed(await at.run('civault inject largest'), 2, large);
    let most = 0;
    let watch: NodeJS.Timeout | undefined;
    const endless = await judged(['inject', '/dev/zero'], {
      env: at.job.env,
      started: (pid) => {
        watch = setInterval(() => {
          try {
            most = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? most);
          } catch {
            // It has ended.
          }
        }, 5);
      },
    });
    clearInterval(watch);
    assertFailed(endless, 2, large);
    if (existsSync('/proc/self/status')) assert.ok(most > 0 && most < 200 * 1024, `${most} KiB`);
  });
});
