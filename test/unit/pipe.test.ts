// Proves that a pipe is made: real, blocking for its writer alone, and without anything left over.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { close, closeSync, existsSync, fstatSync, readFileSync, write } from 'node:fs';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { openDescriptors } from '../../src/child/descriptors.ts';
import { makePipe, type Pipe, readPipe } from '../../src/child/pipe.ts';

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

function made(): Pipe {
  return makePipe() ?? assert.fail('no pipe was made');
}

function flagsOf(descriptor: number): number {
  const text = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
  return Number.parseInt(/^flags:\s+(\d+)$/m.exec(text)?.[1] ?? '', 8);
}

/** Reads a pipe to its end, by copies: the memory is used again. */
async function readAll({ read }: Pipe): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const stream = readPipe(read, (chunk) => void chunks.push(Buffer.from(chunk)));
  await once(stream, 'end');
  return Buffer.concat(chunks);
}

describe('a pipe', { skip: existsSync('/proc/self/fd') ? false : 'there is no /proc here' }, () => {
  test('is one: both ends of the same, one to read and one to write', () => {
    const { read, write: end } = made();
    assert.deepEqual([fstatSync(read).isFIFO(), fstatSync(end).isFIFO()], [true, true]);
    assert.equal(fstatSync(read).ino, fstatSync(end).ino);
    assert.deepEqual([flagsOf(read) & 3, flagsOf(end) & 3], [0, 1]);
    closeSync(read);
    closeSync(end);
  });

  test('blocks its writer alone, and no program inherits it', () => {
    const { read, write: end } = made();
    assert.deepEqual([flagsOf(read) & O_NONBLOCK, flagsOf(end) & O_NONBLOCK], [O_NONBLOCK, 0]);
    assert.deepEqual([flagsOf(read) & O_CLOEXEC, flagsOf(end) & O_CLOEXEC], [O_CLOEXEC, O_CLOEXEC]);
    closeSync(read);
    closeSync(end);
  });

  test('carries a megabyte, and ends when its writer closes it', async () => {
    const pipe = made();
    const bytes = randomBytes(1024 * 1024);
    const all = readAll(pipe);
    await promisify(write)(pipe.write, bytes);
    await promisify(close)(pipe.write);
    assert.ok((await all).equals(bytes));
  });

  test('several at once are several', async () => {
    const pipes = Array.from({ length: 10 }, made);
    const all = Promise.all(pipes.map(readAll));
    for (const [index, pipe] of pipes.entries()) {
      await promisify(write)(pipe.write, `pipe ${index}`);
      closeSync(pipe.write);
    }
    assert.deepEqual(
      (await all).map(String),
      pipes.map((_, index) => `pipe ${index}`),
    );
  });

  test('can be opened again by a child, as a terminal could', async () => {
    const pipe = made();
    const child = spawn('/bin/sh', ['-c', 'echo one; echo two > /dev/stdout; echo three > /proc/self/fd/1'], {
      stdio: ['ignore', pipe.write, 'inherit'],
    });
    closeSync(pipe.write);
    assert.equal((await readAll(pipe)).toString(), 'one\ntwo\nthree\n');
    if (child.exitCode === null) await once(child, 'exit');
    assert.equal(child.exitCode, 0);
  });

  test('leaves nothing open, a hundred times', () => {
    // Of files there may be others: the loader of these very tests has its own now and then.
    const pipes = () => [...openDescriptors()].filter(([, what]) => what.startsWith('pipe:'));
    const before = pipes();
    for (let round = 0; round < 100; round += 1) {
      const { read, write: end } = made();
      closeSync(read);
      closeSync(end);
    }
    assert.deepEqual(pipes(), before);
  });

  test('is read no further while its stream is paused', async () => {
    const pipe = made();
    const chunks: string[] = [];
    const stream = readPipe(pipe.read, (chunk) => {
      if (chunks.push(chunk.toString()) === 1) stream.pause();
    });
    for (const text of ['one', 'two']) {
      await promisify(write)(pipe.write, text);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(chunks, ['one']);
    stream.resume();
    closeSync(pipe.write);
    await once(stream, 'end');
    assert.deepEqual(chunks, ['one', 'two']);
  });
});
