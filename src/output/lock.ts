// One process at a time over a file that many read, change and write: a lock file beside it, `NAME.lock`.
//
// Whoever makes the lock (O_EXCL: one alone can) has it, works without ever waiting for anything, and removes it. One that
// is 10 s old was left behind by a process that was killed, and is broken.
//
// Why two can never both break into it. Of those who see the same old lock, one alone can make the *claim*, a lock whose
// name holds the old lock's inode and time. The claim's owner looks once more whether the lock is still that old one, and
// only then removes it. Whoever saw the old lock but comes later finds the claim, or finds, once it has a claim, another
// lock or none, and removes nothing: a lock that is made now never has a time of 10 s ago. After that nobody owns the lock
// and all try again to make it. A claim that was left behind is a lock like any other, and is broken in the same way; one whose
// lock is gone is of no use to anybody, and is removed by whoever has the next lock: its owner, should it live, would find
// another lock than the one that it claimed.
//
// What this rests on: a process that lives does not stand still for 10 s within its work, or between looking at an old
// lock and removing it. Should one be stopped for that long all the same, it may end up without the lock; when its work
// fails for that, it is done again.

import { type BigIntStats, closeSync, lstatSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, errnoOf, printable } from '../errors.ts';
import { type Io, orCutShort } from '../io.ts';
import { assertWritable, followLinks } from './file.ts';

const LEFT_AFTER = 10_000n * 1_000_000n;
const WAIT_AT_MOST = 30_000;

// A moment is nothing to tell of: many jobs of one runner write the same file.
const TELL_AFTER = 1_000;

/** What the waiting takes of the world around it. */
interface World extends Pick<Io, 'now' | 'elapsed' | 'random' | 'cutShort' | 'writeMessage'> {
  /** What is left of the run's time, in milliseconds. */
  readonly remaining: () => number;
}

/**
 * Does some work on a file while no other process does. It may be done twice, when the lock was lost over it.
 * @param path the file, which need not be there, in a folder that is; a symbolic link stands for what it points to
 * @param work synchronous, so that no signal comes in between; it is given the file that the links lead to
 * @throws {AppError} OUTPUT when the lock cannot be had; Interrupted when a signal ends the waiting
 */
export async function withLock<T>(path: string, world: World, work: (target: string) => T): Promise<T> {
  const started = world.elapsed();
  for (;;) {
    const { target, lock, held } = await take(path, world, started);
    try {
      removeClaims(lock);
      return work(target);
    } catch (error) {
      if (isSame(statOf(lock), held)) throw error;
    } finally {
      release(lock, held);
    }
  }
}

interface Taken {
  readonly target: string;
  readonly lock: string;
  readonly held: BigIntStats;
}

async function take(path: string, world: World, started: number): Promise<Taken> {
  const { now, elapsed, random, remaining, writeMessage } = world;
  let isTold = false;
  // A signal may have come while the file's new content was fetched.
  await orCutShort(undefined, world);
  for (;;) {
    const taken = attempt(path, now());
    if (taken !== undefined) return taken;
    const waited = elapsed() - started;
    if (waited > WAIT_AT_MOST || remaining() === 0) {
      throw new AppError(
        'OUTPUT',
        `cannot write ${printable(path)}: others have kept its lock for ${Math.round(Math.min(waited, WAIT_AT_MOST) / 1000)} s`,
        `remove ${printable(path)}.lock if nothing else writes the file`,
      );
    }
    if (waited > TELL_AFTER && !isTold) {
      isTold = true;
      writeMessage(`waiting for ${printable(path)}.lock: another run has it, or one that was killed left it`);
    }
    await orCutShort(sleep(Math.min(10 + random() * 40, remaining())), world);
  }
}

// The way to the file is followed each time: whoever had the lock may have changed it.
function attempt(path: string, now: number): Taken | undefined {
  try {
    const target = followLinks(path);
    const lock = `${target}.lock`;
    const held = make(lock);
    if (held !== undefined) return { target, lock, held };
    breakIfLeft(lock, BigInt(Math.floor(now)) * 1_000_000n);
    return undefined;
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    // What stands in the way of the lock stands in the way of the file, and is best said of the file.
    assertWritable(path);
    throw new AppError(
      'OUTPUT',
      `cannot write ${printable(path)}: its lock, ${printable(path)}.lock, cannot be had (${code})`,
      'remove it if it is there, or write to another folder',
      error,
    );
  }
}

function make(lock: string): BigIntStats | undefined {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return undefined;
    throw error;
  }
  return statOf(lock);
}

function breakIfLeft(lock: string, now: bigint): void {
  const left = statOf(lock);
  if (left === undefined || !isLeft(left, now)) return;
  const claim = `${lock}.${left.mtimeNs.toString(36)}-${left.ino.toString(36)}`;
  const held = make(claim);
  if (held === undefined) {
    breakIfLeft(claim, now);
    return;
  }
  try {
    // By the claim's time: that of a file server may be another than this machine's.
    if (isLeft(left, held.mtimeNs) && isSame(statOf(lock), left)) unlinkSync(lock);
  } finally {
    release(claim, held);
  }
}

function removeClaims(lock: string): void {
  const [folder, start] = [dirname(lock), `${basename(lock)}.`];
  const isClaim = (name: string) =>
    name.startsWith(start) && /^[0-9a-z]+-[0-9a-z]+(?:\.|$)/.test(name.slice(start.length));
  try {
    for (const name of readdirSync(folder).filter(isClaim)) {
      const claim = join(folder, name);
      // A claim is empty; what is not is somebody's own.
      if (lstatSync(claim).size === 0) unlinkSync(claim);
    }
  } catch {
    // A folder that cannot be listed, or a claim that its owner has just removed: it harms nobody.
  }
}

// A time that is to come is one from before the clock was set back.
function isLeft({ mtimeNs }: BigIntStats, now: bigint): boolean {
  return mtimeNs + LEFT_AFTER <= now || mtimeNs >= now + LEFT_AFTER;
}

function release(lock: string, held: BigIntStats): void {
  try {
    if (isSame(statOf(lock), held)) unlinkSync(lock);
  } catch {
    // The work is done. What stays is broken by whoever comes next.
  }
}

function isSame(one: BigIntStats | undefined, other: BigIntStats): boolean {
  return one?.ino === other.ino && one.dev === other.dev && one.mtimeNs === other.mtimeNs;
}

function statOf(file: string): BigIntStats | undefined {
  return lstatSync(file, { bigint: true, throwIfNoEntry: false });
}
