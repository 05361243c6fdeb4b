// A file that comes piece by piece: `FILE.part` beside its place, digested as it is written, and renamed when it is whole.
//
// Two runs may download the same file at once. Each has a part that no other writes: one that is found is copied, never
// shared, and one that is not its own any more is not renamed.

import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError, printable } from '../errors.ts';
import type { Io } from '../io.ts';
import { assertWritable, followLinks, writing } from '../output/file.ts';

/** What has come of a file so far. */
export interface Part {
  /** The file that it will be, by the path that the user knows. */
  readonly file: string;
  /** Bytes. */
  readonly size: () => number;
  /** Adds a piece at its end. Nothing once it is closed: what still comes belongs to a run that was cut short. */
  readonly write: (piece: Uint8Array) => void;
  /** Empties it. */
  readonly restart: () => void;
  /** The digest of what is there, 64 hexadecimal digits. */
  readonly sha256: () => string;
  /** Makes it the file. */
  readonly finish: (isExecutable: boolean) => void;
  /** Closes it, and leaves it for a run to come, or removes it. */
  readonly leave: (isKept: boolean) => void;
}

const PIECE = 1024 * 1024;

/**
 * Opens the part of a file.
 * @param resumes whether what an earlier run left may be the beginning of this file: only a digest can tell in the end
 * @throws {AppError} OUTPUT, with what stands in the way
 */
export function openPart(file: string, resumes: boolean, { random }: Pick<Io, 'random'>): Part {
  assertWritable(file);
  return writing(file, () => {
    const target = followLinks(file);
    assertRegular(file, target);
    const path = `${target}.part`;
    const beside = () =>
      join(
        dirname(target),
        `.${basename(target).slice(0, 60)}.${Math.floor(random() * 2 ** 48).toString(36)}.civault`,
      );
    const { descriptor, mode } = open(path, resumes, beside);
    return partOf({ file, target, path, descriptor, mode, beside });
  });
}

/** The digest of a file, 64 hexadecimal digits; undefined where there is none that could be read. */
export function digestOf(file: string): string | undefined {
  let descriptor: number | undefined;
  try {
    // A pipe would wait for its writer.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(descriptor).isFile()) return undefined;
    return digestUpTo(descriptor, Infinity).hash.digest('hex');
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Gives a file that is there already the mode of a program. */
export function makeExecutable(file: string): void {
  writing(file, () => {
    const descriptor = openSync(file, constants.O_RDONLY);
    try {
      fchmodSync(descriptor, executable(fstatSync(descriptor).mode));
    } finally {
      closeSync(descriptor);
    }
  });
}

function assertRegular(file: string, target: string): void {
  const found = lstatSync(target, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return;
  throw new AppError(
    'OUTPUT',
    `cannot write ${printable(file)}: what is there is no regular file`,
    'a download is renamed into its place when it is whole: name a file',
  );
}

interface Opened {
  readonly descriptor: number;
  /** What the umask leaves of 0666: the file's own mode in the end. */
  readonly mode: number;
}

function open(path: string, resumes: boolean, beside: () => string): Opened {
  const left = lstatSync(path, { throwIfNoEntry: false });
  if (left !== undefined && !(resumes && isResumable(left))) unlinkSync(path);
  if (left === undefined || !(resumes && isResumable(left))) {
    const descriptor = openSync(path, 'wx+', 0o666);
    const { mode } = fstatSync(descriptor);
    fchmodSync(descriptor, 0o600);
    return { descriptor, mode };
  }
  const copy = beside();
  const fresh = openSync(copy, 'wx', 0o666);
  const { mode } = fstatSync(fresh);
  closeSync(fresh);
  try {
    copyFileSync(path, copy, constants.COPYFILE_FICLONE);
    renameSync(copy, path);
  } catch (error) {
    unlinkSync(copy);
    throw error;
  }
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  fchmodSync(descriptor, 0o600);
  return { descriptor, mode };
}

// One that others may write is no beginning of anything.
function isResumable(left: Stats): boolean {
  return left.isFile() && left.size > 0 && left.nlink === 1 && (left.mode & 0o022) === 0;
}

interface Place extends Opened {
  readonly file: string;
  readonly target: string;
  readonly path: string;
  readonly beside: () => string;
}

function partOf({ file, target, path, descriptor, mode, beside }: Place): Part {
  let { hash, size } = digestUpTo(descriptor, Infinity);
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(descriptor);
    isOpen = false;
  };
  return {
    file,
    size: () => size,
    write: (piece) => {
      if (!isOpen) return;
      writing(file, () => {
        for (let at = 0; at < piece.length; )
          at += writeSync(descriptor, piece, at, piece.length - at, size + at);
      });
      hash.update(piece);
      size += piece.length;
    },
    restart: () => {
      ftruncateSync(descriptor, 0);
      hash = createHash('sha256');
      size = 0;
    },
    sha256: () => hash.copy().digest('hex'),
    finish: (isExecutable) =>
      writing(file, () => {
        fchmodSync(descriptor, isExecutable ? executable(mode) : mode & 0o777);
        moveOwn(file, path, target, descriptor, beside());
        close();
      }),
    leave: (isKept) => {
      const own = isOpen && isOwn(path, descriptor);
      close();
      if (own && !isKept) unlinkSync(path);
    },
  };
}

// Not synced to the disk: what a power cut spoils, the next run finds out by its digest, and waiting for the disk takes
// longer than the network does.
function moveOwn(file: string, path: string, target: string, descriptor: number, beside: string): void {
  // First to a name that nobody knows, so that nobody changes it between the look and the move.
  renameSync(path, beside);
  if (isOwn(beside, descriptor)) {
    renameSync(beside, target);
    return;
  }
  renameSync(beside, path);
  throw new AppError(
    'OUTPUT',
    `cannot write ${printable(file)}: another run has begun to download it`,
    'run one at a time, or give each its own --output',
  );
}

function isOwn(path: string, descriptor: number): boolean {
  const [there, own] = [lstatSync(path, { throwIfNoEntry: false }), fstatSync(descriptor)];
  return there?.ino === own.ino && there.dev === own.dev;
}

// Whoever may read it may run it.
function executable(mode: number): number {
  return (mode & 0o777) | ((mode & 0o444) >> 2);
}

function digestUpTo(descriptor: number, end: number): { hash: Hash; size: number } {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(PIECE);
  let size = 0;
  while (size < end) {
    const count = readSync(descriptor, piece, 0, PIECE, size);
    if (count === 0) break;
    hash.update(piece.subarray(0, count));
    size += count;
  }
  return { hash, size };
}
