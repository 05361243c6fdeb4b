// Proves how outputs are written: all of it, in order, to pipes, sockets, files and devices, and without changing how
// they work for others.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { makePipe, type Pipe, readPipe } from '../../src/child/pipe.ts';
import { openSink } from '../../src/child/sink.ts';

const folder = mkdtempSync(join(tmpdir(), 'civault-sink-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const bytes = randomBytes(1024 * 1024);
/** In pieces of all sizes, the smallest of them empty. */
const pieces = [0, 1, 2, 100, 65_536, 300_000].reduce<{ at: number; all: Buffer[] }>(
  ({ at, all }, size) => ({ at: at + size, all: [...all, bytes.subarray(at, at + size)] }),
  { at: 0, all: [] },
);
const ALL = [...pieces.all, bytes.subarray(pieces.at)];

function made(): Pipe {
  return makePipe() ?? assert.fail('no pipe was made');
}

function flagsOf(descriptor: number): string | undefined {
  return /^flags:.*$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[0];
}

describe('a pipe', { skip: existsSync('/proc/self/fd') ? false : 'there is no /proc here' }, () => {
  test('takes what has room at once', () => {
    const { read, write } = made();
    assert.equal(openSink(write).write([Buffer.from('one'), Buffer.from('two')]), undefined);
    closeSync(read);
    closeSync(write);
  });

  test('that is full is waited for, and all arrives in order', async () => {
    const { read, write } = made();
    const sink = openSink(write);
    const pending = sink.write(ALL);
    assert.ok(pending instanceof Promise);
    const chunks: Buffer[] = [];
    let length = 0;
    const stream = readPipe(read, (chunk) => {
      chunks.push(Buffer.from(chunk));
      length += chunk.length;
    });
    await pending;
    const next = sink.write([Buffer.from('next')]);
    await next;
    closeSync(write);
    while (length < bytes.length + 4) await new Promise((resolve) => setTimeout(resolve, 5));
    stream.destroy();
    assert.ok(Buffer.concat(chunks).equals(Buffer.concat([bytes, Buffer.from('next')])));
  });

  test('stays as blocking as it was for those who share it', async () => {
    const { read, write } = made();
    const before = flagsOf(write);
    const pending = openSink(write).write(ALL);
    assert.equal(flagsOf(write), before);
    const stream = readPipe(read, () => undefined);
    await pending;
    assert.equal(flagsOf(write), before);
    stream.destroy();
    closeSync(write);
  });

  test('nobody reads any more: EPIPE, at once', () => {
    const { read, write } = made();
    const sink = openSink(write);
    closeSync(read);
    assert.throws(() => sink.write([Buffer.from('lost')]), { code: 'EPIPE' });
    closeSync(write);
  });

  test('nobody reads any more: EPIPE, while it is waited for', async () => {
    const { read, write } = made();
    const pending = openSink(write).write(ALL);
    closeSync(read);
    await assert.rejects(pending ?? assert.fail('it was not waited for'), { code: 'EPIPE' });
    closeSync(write);
  });

  test('whose reader has gone before is no other', async () => {
    const { read, write } = made();
    closeSync(read);
    await assert.rejects(async () => openSink(write).write([Buffer.from('lost')]), { code: 'EPIPE' });
    closeSync(write);
  });
});

test('a socket that does not block and whose reader is late', async () => {
  const child = spawn('/bin/sh', ['-c', 'sleep 0.2; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  // What libuv gives a child as its input is such a socket, and its number a secret of Node's.
  const { fd } = (child.stdin as unknown as { _handle: { fd: number } })._handle;
  await openSink(fd).write(ALL);
  child.stdin.end();
  await once(child, 'close');
  assert.ok(Buffer.concat(chunks).equals(bytes));
});

test('a file is written to where others are in it', () => {
  const path = join(folder, 'file');
  writeFileSync(path, 'before\n');
  const file = openSync(path, 'a');
  const sink = openSink(file);
  assert.equal(sink.write(ALL), undefined);
  writeFileSync(file, '\nbetween\n');
  assert.equal(sink.write([Buffer.from('after\n')]), undefined);
  closeSync(file);
  const expected = Buffer.concat([Buffer.from('before\n'), bytes, Buffer.from('\nbetween\nafter\n')]);
  assert.ok(readFileSync(path).equals(expected));
});

test('a full disk says so', (t) => {
  if (!existsSync('/dev/full')) return t.skip('there is no /dev/full');
  const full = openSync('/dev/full', 'w');
  assert.throws(() => openSink(full).write([Buffer.from('lost')]), { code: 'ENOSPC' });
  closeSync(full);
});
