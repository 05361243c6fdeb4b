// Proves what `get` settles before it asks Vault for anything.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { run } from '../../src/cli.ts';
import { leaveNothing } from '../harness/leftovers.ts';
import { fakeIo } from './fakes.ts';

const folder = mkdtempSync(join(tmpdir(), 'civault-get-'));
after(leaveNothing(() => rmSync(folder, { recursive: true, force: true })));

async function failed(...args: string[]) {
  const io = fakeIo();
  const status = await run(
    ['get', '--retries=0', ...args],
    { VAULT_ADDR: 'unix:/nonexistent/agent.sock' },
    io,
  );
  assert.deepEqual(io.written, []);
  return { status, messages: io.messages };
}

const DOCS = '(docs/errors.md#usage)';
const GRAMMAR = `hint: write PATH#FIELD ${DOCS}`;
const CHOOSE = `hint: choose the names yourself: civault env --format json NAME=REF NAME=REF ${DOCS}`;

for (const [args, message, hint] of [
  [[], 'get needs a REF', `hint: see: civault get --help ${DOCS}`],
  [['--base64-decode'], 'get needs a REF', `hint: see: civault get --help ${DOCS}`],
  [
    ['secret/a#b', 'secret/c'],
    'several REFs make one object of their fields, and secret/c names none',
    GRAMMAR,
  ],
  [
    ['secret/a?version=2', 'secret/c'],
    'several REFs make one object of their fields, and secret/a?version=2 names none',
    GRAMMAR,
  ],
  [
    ['secret/a#token', 'secret/b#x', 'secret/c#token'],
    'the name "token" would be in the object twice: from secret/a#token and secret/c#token',
    CHOOSE,
  ],
  [
    ['secret/a#/x/token', 'b/token@team/kv'],
    'the name "token" would be in the object twice: from secret/a#/x/token and b/token@team/kv',
    CHOOSE,
  ],
  [
    ['secret/a#b', 'secret/a#b'],
    'the name "b" would be in the object twice: from secret/a#b and secret/a#b',
    CHOOSE,
  ],
  [
    ['--base64-decode', 'secret/a#b', 'c/d#e'],
    '--base64-decode takes one REF, not 2',
    `hint: run it once for each ${DOCS}`,
  ],
  [['secret/a', '--base64-decode'], '--base64-decode decodes one field, and secret/a names none', GRAMMAR],
] as const) {
  test(`get ${args.join(' ')} is refused: ${message}`, async () => {
    assert.deepEqual(await failed(...args), { status: 2, messages: [message, hint] });
  });
}

for (const args of [
  ['secret/a#b'],
  ['secret/a'],
  ['secret/a#b', '--base64-decode'],
  ['secret/a#b', 'secret/a#c', 'secret/a#/b/d'],
  ['secret/a#', 'secret/a#/x/y'],
]) {
  test(`get ${args.join(' ')} asks Vault`, async () => {
    const { status, messages } = await failed(...args);
    assert.deepEqual([status, messages[0]?.includes('there is no such socket')], [6, true], messages[0]);
  });
}

test('a file that cannot be written is told before Vault is asked, and a failed run makes none', async () => {
  const { status, messages } = await failed('secret/a#b', '--output', folder);
  assert.deepEqual([status, messages[1]], [2, 'hint: name a file in it (docs/errors.md#output)']);
  assert.equal((await failed('secret/a#b', '--output', join(folder, 'x'))).status, 6);
  assert.deepEqual(readdirSync(folder), []);
});
