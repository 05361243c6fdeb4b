// Results in files: whole or not at all, readable by their owner alone.

import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError, printable } from '../errors.ts';
import type { Io } from '../io.ts';
import { explained, type Reasons, systemError } from '../system-failure.ts';
import { writeAll } from './write-all.ts';

const MOST_LINKS = 40;
// A file that is beside its place for longer has nobody who would put it there.
const LONGEST_WRITE_MS = 60_000;
const DESCRIPTOR = /^\/proc\/[0-9]+\/(?:task\/[0-9]+\/)?fd\/([0-9]+)$/;

/**
 * Writes a file in one step: beside its place under another name, then renamed, mode 0600. Until then, and after any
 * failure, the old file is as it was. A symbolic link stays, and what it points to is written. What is no regular file
 * (a pipe, a device), or is open already (/dev/stdout, /dev/fd/3), is written into.
 * @throws {AppError} OUTPUT, with what stands in the way
 */
export function writeFile(
  path: string,
  content: string | Uint8Array,
  { random, whileSignalsEnd }: Pick<Io, 'random' | 'whileSignalsEnd'>,
): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  writing(path, () => {
    const target = followLinks(path);
    const old = statOf(target);
    if (isReplaced(target, old)) {
      replace(target, bytes, old, random);
    } else {
      // A pipe's reader may take its time.
      whileSignalsEnd(() => writeInto(target, bytes));
    }
  });
}

/**
 * Finds out whether a file could be written, before anything is read for it. What it cannot know is whether a pipe will
 * have a reader by then, whether there will be room, and whether another user's file may be replaced in a folder like /tmp.
 * @throws {AppError} OUTPUT, with what stands in the way
 */
export function assertWritable(path: string): void {
  writing(path, () => {
    const target = followLinks(path);
    const old = statOf(target);
    if (old?.isDirectory()) throw systemError('EISDIR');
    if (old?.isSocket()) throw systemError('ENXIO');
    if (isReplaced(target, old)) accessSync(dirname(target), constants.W_OK | constants.X_OK);
    else accessSync(target, constants.W_OK);
  });
}

/**
 * The file that symbolic links lead to, by its own path. The last one may point to a file that is not there yet.
 * @throws the system's error
 */
export function followLinks(path: string): string {
  let target = path.startsWith('/') ? path : `${workingFolder()}/${path}`;
  for (let links = 0; links <= MOST_LINKS; links += 1) {
    // Folders one by one, as the system does: `..` behind a link is the parent of what the link leads to.
    const end = target.lastIndexOf('/') + 1;
    const parts = target.slice(0, end).split('/');
    const folder = parts.reduce((real, part) => realpathSync(`${real}/${part}`), '/');
    target = `${folder === '/' ? '' : folder}/${target.slice(end)}`;
    const found = lstatSync(target, { throwIfNoEntry: false });
    if (!found?.isSymbolicLink()) return target;
    if (isTrap(found, folder)) throw systemError('EACCES');
    // /dev/stdout and its like: an open file, to which others may be writing, whatever name it has.
    if (DESCRIPTOR.test(target)) return target;
    const next = readlinkSync(target);
    target = next.startsWith('/') ? next : `${folder}/${next}`;
  }
  throw systemError('ELOOP');
}

// One that was removed has no place for a file, though Node has a name for it.
function workingFolder(): string {
  if (statSync('.').nlink === 0) throw systemError('ENOENT');
  return resolve();
}

// In a folder like /tmp, where all may write, anybody may lay a link to a file that only the writer can write. The kernel
// follows it for its owner and the folder's alone (proc(5), protected_symlinks), and not here: links are read, not followed.
function isTrap(link: Stats, folder: string): boolean {
  const { mode, uid } = statSync(folder);
  return (mode & 0o002) !== 0 && link.uid !== uid && link.uid !== 0;
}

function isReplaced(target: string, old: Stats | undefined): boolean {
  return old === undefined || (old.isFile() && !lstatSync(target).isSymbolicLink());
}

function temporaryStart(target: string): string {
  // By bytes, of which a name has 255 at most; a character that is cut in two becomes another, of three bytes at most.
  return `.${Buffer.from(basename(target)).subarray(0, 200)}.`;
}

/** A name beside a file's, for what is to be put in its place: hidden, and nobody else's. */
export function nameBeside(target: string, chance: () => number): string {
  const suffix = Math.floor(chance() * 2 ** 48)
    .toString(16)
    .padStart(12, '0');
  return join(dirname(target), `${temporaryStart(target)}${suffix}.civault`);
}

/**
 * Removes what was about to be put in a file's place when its process was killed: it may hold secrets, and is of no use.
 * @param before only what was written before then, in milliseconds since 1970: for who does not know that nobody is writing
 */
export function removeLeftovers(target: string, before = Infinity): void {
  const [folder, start] = [dirname(target), temporaryStart(target)];
  // All of what `nameBeside` makes up: `.app.template.civault` is somebody's template.
  const isLeft = (name: string) =>
    name.startsWith(start) && /^[0-9a-f]{12}\.civault$/.test(name.slice(start.length));
  try {
    for (const name of readdirSync(folder).filter(isLeft)) {
      const left = lstatSync(join(folder, name));
      if (left.isFile() && left.mtimeMs < before) remove(join(folder, name));
    }
  } catch {
    // A folder that may be written but not listed, or is not there.
  }
}

/**
 * The same for who has just written the file, and does not know whether others are about to.
 * @param now by the clock of the file system, which may be another machine's
 */
export function removeOldLeftovers(target: string, now: number): void {
  removeLeftovers(target, now - LONGEST_WRITE_MS);
}

// Where it can be: a file may be another user's, or gone already.
function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // What matters has been done, or fails for a reason of its own.
  }
}

function replace(target: string, bytes: Uint8Array, old: Stats | undefined, chance: () => number): void {
  const temporary = nameBeside(target, chance);
  const descriptor = openSync(temporary, 'wx', 0o600);
  let writtenAt: number;
  try {
    try {
      // Whatever the umask is.
      fchmodSync(descriptor, 0o600);
      keepOwner(descriptor, old, dirname(target));
      writeAll(descriptor, bytes);
      fsyncSync(descriptor);
      writtenAt = fstatSync(descriptor).mtimeMs;
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, target);
    removeOldLeftovers(target, writtenAt);
  } catch (error) {
    remove(temporary);
    throw error;
  }
}

// Root may replace a file of another user, who is to be able to read it as before. But where others may make files, it may
// be there for no other reason than to be given away with the secret in it.
function keepOwner(descriptor: number, old: Stats | undefined, folder: string): void {
  if (old === undefined || old.uid === fstatSync(descriptor).uid) return;
  if ((statSync(folder).mode & 0o022) !== 0) return;
  try {
    fchownSync(descriptor, old.uid, old.gid);
  } catch {
    // Not root: the file is ours from now on.
  }
}

function writeInto(target: string, bytes: Uint8Array): void {
  const own = DESCRIPTOR.exec(target);
  if (own !== null && target.startsWith(`${realpathSync('/proc/self')}/`)) {
    // Behind what was written to it before, as a redirection does.
    writeAll(Number(own[1]), bytes);
    return;
  }
  // Without waiting for a reader: a pipe that nobody reads from would hold the run for ever.
  const descriptor = openSync(
    target,
    constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY | constants.O_TRUNC,
  );
  try {
    writeAll(descriptor, bytes);
  } finally {
    closeSync(descriptor);
  }
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

const REASONS: Reasons = {
  ENOENT: ['there is no such folder', 'make it first: mkdir -p'],
  ENOTDIR: ['a part of its path is no folder'],
  EISDIR: ['that is a folder', 'name a file in it'],
  EACCES: ['this user may not write there'],
  EPERM: ['this user may not write there'],
  EROFS: ['its file system is read-only', 'choose a folder that can be written, such as one on a volume'],
  ENOSPC: ['the disk is full'],
  EDQUOT: ['the quota is used up'],
  EFBIG: ['it would be larger than files may be here'],
  ENAMETOOLONG: ['its name is too long'],
  ELOOP: ['its symbolic links go in a circle'],
  ENXIO: ['it is a pipe that nobody reads from, or a device that is not there'],
  EPIPE: ['its reader went away'],
  EBUSY: ['it is mounted by itself and cannot be replaced', 'mount its folder, or choose another'],
};

/**
 * Does some work to write a file.
 * @throws {AppError} OUTPUT for an error of the system, with what stands in the way
 */
export function writing<T>(path: string, work: () => T): T {
  if (path === '') {
    const hint = 'if a variable was to hold it, that is not set';
    throw new AppError('OUTPUT', "cannot write: the file's name is empty", hint);
  }
  try {
    return work();
  } catch (error) {
    throw explained(error, 'OUTPUT', `cannot write ${printable(path)}`, REASONS);
  }
}
