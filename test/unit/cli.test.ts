// Proves what `run` answers without a Vault: help, the version, and failures, each on the stream and with the status that is its own.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { run } from '../../src/cli.ts';
import { AppError } from '../../src/errors.ts';
import { Interrupted } from '../../src/io.ts';
import { usageOf, VERSION } from '../../src/usage.ts';
import { CLAIMS, fakeIo, jwt, NOW } from './fakes.ts';

for (const [args, help] of [
  [['--help'], undefined],
  [['-h'], undefined],
  [['help'], undefined],
  [['help', 'env'], 'env'],
  [['env', '--help'], 'env'],
  [['get', 'secret/a', '-h'], 'get'],
  [['get', '--bogus', '--help'], 'get'],
] as const) {
  test(`${args.join(' ')} is answered with the help of ${help ?? 'civault'}`, async () => {
    const io = fakeIo();
    assert.equal(await run(args, {}, io), 0);
    assert.deepEqual([io.written, io.messages], [[usageOf(help)], []]);
  });
}

for (const flag of ['--version', '-V']) {
  test(`${flag} is answered with the version`, async () => {
    const io = fakeIo();
    assert.equal(await run([flag], {}, io), 0);
    assert.deepEqual([io.written, io.messages], [[`${VERSION}\n`], []]);
    assert.match(VERSION, /^civault \S.* \(commit \S+, Node\.js \S+\)$/);
  });
}

const ADDRESS = { VAULT_ADDR: 'unix:/nonexistent/agent.sock' };
const OLD = jwt({ ...CLAIMS, exp: NOW / 1000 - 600 });
const TOKEN = { ...ADDRESS, VAULT_ID_TOKEN: jwt() };

type Failing = readonly [
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  status: number,
  part: string,
];
const WITHOUT_COMMAND: readonly Failing[] = [
  [[], {}, 2, 'there is no command'],
  [
    [''],
    {},
    2,
    'unknown command "": there are get, env, exec, inject, docker-login, token, download, doctor',
  ],
  [['bogus'], {}, 2, 'unknown command "bogus"'],
  [
    ['help', 'bogus'],
    {},
    2,
    'there is no help on "bogus": there are get, env, exec, inject, docker-login, token, download, doctor',
  ],
  [['constructor'], {}, 2, 'unknown command "constructor"'],
  [['__proto__'], {}, 2, 'unknown command "__proto__"'],
  [['\u001b[31m\n'], {}, 2, 'unknown command "\\u001b[31m\\u000a"'],
  [['GET', 'a'], {}, 2, 'unknown command "GET"'],
  [['--role', 'x', 'get'], {}, 2, 'the command comes first'],
  [['-x'], {}, 2, 'the command comes first'],
];
const WITH_COMMAND: readonly Failing[] = [
  [[], {}, 2, 'needs a '],
  [['a', '--bogus'], {}, 2, 'unknown flag "--bogus"'],
  [['a/../b'], {}, 2, 'the segment .. is not allowed'],
  [['secret/a#b'], {}, 2, 'there is no address of Vault'],
  [['secret/a#b'], { VAULT_ADDR: 'https://vault.example.com' }, 3, 'there is no ID token'],
  [['secret/a#b'], { VAULT_ADDR: 'https://vault.example.com', VAULT_ID_TOKEN: OLD }, 3, 'expired 10 min ago'],
  [['secret/a#b', '--retries=0'], ADDRESS, 6, 'there is no such socket'],
  [['secret/a#b', '--retries=0'], TOKEN, 6, 'there is no such socket'],
];

async function failed(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  world = fakeIo(),
) {
  const status = await run(args, environment, world);
  assert.equal(world.messages.join('').includes(jwt()), false);
  return { status, written: world.written, messages: world.messages };
}

for (const [args, environment, status, part] of WITHOUT_COMMAND) {
  test(`${JSON.stringify(args)} ends with ${status}: ${part}`, async () => {
    const outcome = await failed(args, environment);
    assert.deepEqual([outcome.status, outcome.written], [status, []]);
    assert.equal(outcome.messages[0]?.includes(part), true, outcome.messages[0]);
    assert.equal(outcome.messages[1], 'hint: see: civault --help (docs/errors.md#usage)');
  });
}

for (const [args, environment, status, part] of WITH_COMMAND) {
  test(`get ${args.join(' ')}, which ends with ${status}, writes nothing: ${part}`, async () => {
    const outcome = await failed(['get', ...args], environment);
    assert.deepEqual([outcome.status, outcome.written], [status, []]);
    assert.equal(
      outcome.messages.some((line) => line.includes(part)),
      true,
      outcome.messages.join('\n'),
    );
  });

  test(`env ${args.join(' ')}, which ends with ${status}, writes (exit ${status}): ${part}`, async () => {
    const outcome = await failed(['env', ...args], environment);
    assert.deepEqual([outcome.status, outcome.written], [status, [`(exit ${status})\n`]]);
    assert.equal(
      outcome.messages.some((line) => line.includes(part)),
      true,
      outcome.messages.join('\n'),
    );
  });
}

for (const [args, part] of [
  [['inject', 'a', 'b'], 'inject takes one FILE, not 2'],
  [['token', 'a'], 'token takes no argument'],
  [['get', '--format=sh', 'a'], 'unknown flag "--format"'],
  [['env', '--format=dot\u001benv', 'a'], 'unknown format "dot\\u001benv"'],
  [['env', 'RANDOM=secret/a#b'], 'RANDOM'],
] as const) {
  test(`${args.join(' ')} is refused: ${part}`, async () => {
    const { status, messages } = await failed(args, {});
    assert.deepEqual([status, messages[0]?.includes(part)], [2, true]);
  });
}

test('a warning stands before what comes of it', async () => {
  const environment = { VAULT_ADDR: 'http://vault.example.com' };
  const { messages } = await failed(['get', 'secret/a#b'], environment);
  assert.match(messages[0] ?? '', /^warning: the address of vault\.example\.com is http/);
  assert.match(messages[1] ?? '', /^there is no ID token/);
});

const MARKED = 'hvs.marked';
for (const [what, thrown] of [
  ['an error', new TypeError(`${MARKED} is not a function`)],
  [
    'an error whose message looks like a stack',
    new Error(`x\n    at ${MARKED} (file.js:1:1)\n    at ${MARKED}`),
  ],
  ['an error with a name of its own', Object.assign(new Error('x'), { name: `${MARKED}\u001b[31m` })],
  ['an error with a cause', new Error('x', { cause: new Error(MARKED) })],
  ['an error without a stack', Object.assign(new Error(MARKED), { stack: undefined })],
  ['a text', MARKED],
  ['an object', { message: MARKED }],
  ['nothing', undefined],
] as const) {
  test(`${what} that nobody foresaw is a bug, told without its message`, async () => {
    const io = fakeIo({
      now: () => {
        throw thrown;
      },
    });
    const outcome = await failed(['env', 'secret/a'], TOKEN, io);
    assert.deepEqual([outcome.status, outcome.written], [1, ['(exit 1)\n']]);
    assert.match(outcome.messages[0] ?? '', /^a bug in civault: /);
    assert.equal(outcome.messages.join().includes(MARKED), false, outcome.messages.join('\n'));
    assert.match(outcome.messages[1] ?? '', /^hint: please report it/);
  });
}

test('a signal ends a run with the status that a shell gives it', async () => {
  const cutShort = Promise.reject(new Interrupted('SIGTERM', 15));
  cutShort.catch(() => undefined);
  const io = fakeIo({ cutShort });
  const outcome = await failed(['env', 'secret/a'], TOKEN, io);
  assert.deepEqual(
    [outcome.status, outcome.written[0], outcome.messages[0]],
    [143, '(exit 143)\n', 'ended by SIGTERM'],
  );
});

test('an output that cannot be written is told, and ends the run', async () => {
  const io = fakeIo({
    writeOutput: () => {
      throw new AppError('OUTPUT', 'cannot write the result to standard output (EPIPE)');
    },
  });
  for (const args of [['--help'], ['env', '--help'], ['env']]) assert.equal(await run(args, {}, io), 2);
  assert.match(io.messages[0] ?? '', /EPIPE/);
});

test('any command line, without an address, ends with 0 or 2 and never throws', async () => {
  const word = fc.constantFrom(
    'get',
    'env',
    '--help',
    '-h',
    'help',
    '--version',
    '--',
    'secret/a#b',
    'A=b',
    '--role',
    '-',
    '=',
    '*',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(word, fc.string({ unit: 'binary' })), { maxLength: 5 }),
      async (args) => {
        const io = fakeIo();
        const status = await run(args, {}, io);
        if (status === 0) return assert.deepEqual([io.messages, io.written.length], [[], 1]);
        assert.equal(status, 2);
        assert.deepEqual(io.written, args[0] === 'env' ? ['(exit 2)\n'] : []);
        assert.doesNotMatch(
          io.messages.join('').replace(/\n {2}(?: {2})?/g, ''),
          /[\u0000-\u001f\u007f-\u009f]/,
        );
      },
    ),
    { numRuns: 500 },
  );
});
