// Proves that no variable which the binary can read is forgotten: each that its machine code, its JavaScript or the help of
// Node.js names is in the table that environment.test.ts goes through. A new base may bring new ones.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { HONOURED, HOSTILE } from '../harness/hostile-variables.ts';
import { findNode24 } from '../harness/node24.ts';
import { readVariables } from '../harness/read-variables.ts';

const KNOWN = new Set([...HOSTILE.map(({ name }) => name), ...HONOURED.keys()]);
const unknown = (names: Iterable<string>) => [...names].filter((name) => !KNOWN.has(name));

const notHere = process.arch === 'x64' ? false : `machine code is read for amd64 alone, not ${process.arch}`;
test('each that the file reads is in the table', { skip: notHere }, () => {
  const { native, script, silenced } = readVariables(readFileSync(CIVAULT));
  // Else the search itself is what fails.
  for (const name of ['UV_THREADPOOL_SIZE', 'RES_OPTIONS', 'TZ', 'HTTPS_PROXY'])
    assert.ok(native.has(name), name);
  for (const name of ['NODE_DEBUG', 'NODE_PATH', 'NODE_V8_COVERAGE']) assert.ok(script.has(name), name);
  assert.deepEqual(unknown(native), [], 'in machine code');
  // What an npm or a test within Node.js calls its environment.
  assert.deepEqual(
    unknown(script).filter((name) => name !== 'cc'),
    [],
    'in JavaScript',
  );
  assert.deepEqual(
    [...silenced].filter((rest) => ![...KNOWN].some((name) => name.slice(1) === rest)),
    [],
    'silenced',
  );
  // These would act before the bootstrap could take them away.
  for (const name of native)
    assert.doesNotMatch(name, /^(NODE_|OPENSSL_|PKG_|SSL|CTLOG|QLOG|SIMDUTF|LANG|LC_)/);
});

// The names in the first column.
const namesOf = (help: string) =>
  [...(help.split('Environment variables:')[1] ?? '').matchAll(/^([A-Z][A-Z0-9_]+)\b/gm)].map(
    ([, name]) => name ?? '',
  );

test('each that this Node.js tells of in its help is in the table', () => {
  const names = namesOf(execFileSync(process.execPath, ['--help'], { encoding: 'utf8' }));
  assert.ok(names.length > 15, `${names.length} names`);
  assert.deepEqual(unknown(names), []);
});

test('each that Node.js 24 tells of in its help is in the table', async (t) => {
  const found = await findNode24();
  if ('why' in found) return t.skip(found.why);
  const names = namesOf(execFileSync(found.path, ['--help'], { encoding: 'utf8' }));
  assert.ok(names.length > 15, `${names.length} names`);
  assert.deepEqual(unknown(names), []);
});

test('each that counts is proven where it is said to be', () => {
  for (const [name, file] of HONOURED) {
    const path = new URL(file, import.meta.url);
    assert.ok(existsSync(path), file);
    assert.match(readFileSync(path, 'utf8'), new RegExp(`\\b${name}\\b`, 'i'));
  }
});
