// A file that comes piece by piece: `FILE.part` beside its place, digested as it is written, and renamed when it is whole.
//
// Two runs may download the same file at once. Each has a part that no other writes: one that is found is copied, never
// shared, and a run whose part lost its name to another's still has it open, and copies it into its place.

import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  renameSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { AppError, errnoOf, printable } from '../errors.ts';
import type { Io } from '../io.ts';
import { followLinks, nameBeside, removeOldLeftovers, writing } from '../output/file.ts';
import { systemError } from '../system-failure.ts';
import { executable, put, readThrough } from './bytes.ts';
import { assertReplaceable, isAnothers } from './place.ts';

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
  /**
   * Closes it, and leaves it for a run to come, or removes it.
   * @returns whether it is there for that
   */
  readonly leave: (isKept: boolean) => boolean;
}

/**
 * Opens the part of a file.
 * @param resumes whether what an earlier run left may be the beginning of this file: only a digest can tell in the end
 * @throws {AppError} OUTPUT, with what stands in the way
 */
export function openPart(file: string, resumes: boolean, { random }: Pick<Io, 'random'>): Part {
  assertReplaceable(file);
  return writing(file, () => {
    const target = followLinks(file);
    const path = `${target}.part`;
    const beside = () => nameBeside(target, random);
    const descriptor = create(path) ?? replace(path, beside(), resumes, file);
    const { mode, uid } = fstatSync(descriptor);
    if (isAnothers(target, uid)) {
      closeSync(descriptor);
      remove(path);
      throw systemError('EPERM');
    }
    fchmodSync(descriptor, 0o600);
    return partOf({ file, target, path, descriptor, mode, beside });
  });
}

// With the mode that the umask leaves of 0666, which the file is to have in the end.
function create(path: string): number | undefined {
  try {
    return openSync(path, 'wx+', 0o666);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return undefined;
    throw error;
  }
}

// Something has that name: a run's part, or whatever others laid there. It is copied if it is worth that, and never written.
function replace(path: string, beside: string, resumes: boolean, file: string): number {
  const descriptor = openSync(beside, 'wx+', 0o666);
  try {
    if (resumes) copyLeft(path, descriptor);
    renameSync(beside, path);
  } catch (error) {
    closeSync(descriptor);
    remove(beside);
    const code = errnoOf(error) ?? '';
    if (!['EISDIR', 'ENOTEMPTY', 'EPERM', 'EACCES', 'EBUSY'].includes(code)) throw error;
    throw new AppError(
      'OUTPUT',
      `cannot write ${printable(file)}: ${printable(file)}.part is in the way (${code})`,
      'a download is written there until it is whole: remove what is there, or choose another folder by --output',
      error,
    );
  }
  return descriptor;
}

function copyLeft(path: string, into: number): void {
  let left: number;
  try {
    left = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return;
  }
  try {
    const found = fstatSync(left);
    // No further than it is now: a run that is under way goes on writing it.
    if (isResumable(found, fstatSync(into)))
      readThrough(left, found.size, (piece, at) => put(into, piece, at));
  } catch (error) {
    // There is no room for both: it is fetched anew, in the old one's place.
    if (!['ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '')) throw error;
    ftruncateSync(into, 0);
  } finally {
    closeSync(left);
  }
}

// What others may have written is no beginning of anything.
function isResumable(left: Stats, own: Stats): boolean {
  return left.isFile() && left.uid === own.uid && left.nlink === 1 && (left.mode & 0o022) === 0;
}

interface Place {
  readonly file: string;
  readonly target: string;
  readonly path: string;
  readonly descriptor: number;
  readonly mode: number;
  readonly beside: () => string;
}

function partOf(place: Place): Part {
  const { file, path, descriptor, mode } = place;
  let { hash, size } = readThrough(descriptor, Infinity);
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
      writing(file, () => put(descriptor, piece, size));
      hash.update(piece);
      size += piece.length;
    },
    restart: () => {
      if (isOpen) ftruncateSync(descriptor, 0);
      hash = createHash('sha256');
      size = 0;
    },
    sha256: () => hash.copy().digest('hex'),
    finish: (isExecutable) =>
      writing(file, () => {
        fchmodSync(descriptor, isExecutable ? executable(mode) : mode & 0o777);
        if (!moveOwn(place)) copyOwn(place);
        removeOldLeftovers(place.target, fstatSync(descriptor).mtimeMs);
        close();
      }),
    leave: (isKept) => {
      const own = isOpen && isOwn(path, descriptor);
      close();
      if (own && !isKept) remove(path);
      return own && isKept;
    },
  };
}

// Not synced to the disk: what a power cut spoils, the next run finds out by its digest, and waiting for the disk takes
// longer than the network does.
function moveOwn({ path, target, descriptor, ...place }: Place): boolean {
  if (!isOwn(path, descriptor)) return false;
  const beside = place.beside();
  // First to a name that nobody knows, so that nobody changes it between the look and the move.
  renameSync(path, beside);
  try {
    if (isOwn(beside, descriptor)) {
      renameSync(beside, target);
      return true;
    }
  } catch (error) {
    renameSync(beside, path);
    throw error;
  }
  renameSync(beside, path);
  return false;
}

// Another run has begun to download it, and its part has the name. What was written here is still open.
function copyOwn({ target, descriptor, ...place }: Place): void {
  const beside = place.beside();
  const copy = openSync(beside, 'wx', 0o600);
  try {
    readThrough(descriptor, Infinity, (piece, at) => put(copy, piece, at));
    fchmodSync(copy, fstatSync(descriptor).mode & 0o777);
    renameSync(beside, target);
  } catch (error) {
    remove(beside);
    throw error;
  } finally {
    closeSync(copy);
  }
}

function isOwn(path: string, descriptor: number): boolean {
  const [there, own] = [lstatSync(path, { throwIfNoEntry: false }), fstatSync(descriptor)];
  return there?.ino === own.ino && there.dev === own.dev;
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // What matters is told already.
  }
}
