// The places of files that are to be replaced: whether they can be, found out before anything is fetched.

import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError, printable } from '../errors.ts';
import { assertWritable, followLinks, writing } from '../output/file.ts';

/**
 * Finds out whether a file could be put in that place.
 * @throws {AppError} OUTPUT
 */
export function assertReplaceable(file: string): void {
  assertWritable(file);
  const found = writing(file, () => lstatSync(followLinks(file), { throwIfNoEntry: false }));
  if (found === undefined || found.isFile()) return;
  throw new AppError(
    'OUTPUT',
    `cannot write ${printable(file)}: what is there is no regular file`,
    'a download is renamed into its place when it is whole: name a file',
  );
}

/**
 * Whether a file may not be replaced by this user: in a folder like /tmp nobody may but its owner, the folder's and root.
 * Found out before anything is fetched: of several files, none shall be moved if one cannot be.
 * @param uid this user's
 */
export function isAnothers(target: string, uid: number): boolean {
  const found = lstatSync(target, { throwIfNoEntry: false });
  const folder = statSync(dirname(target));
  return (
    found !== undefined &&
    (folder.mode & 0o1000) !== 0 &&
    uid !== 0 &&
    uid !== found.uid &&
    uid !== folder.uid
  );
}
