// Several files, all or none: each is fetched into its part and judged, and only then are they moved into their places.

import { AppError, printable } from '../errors.ts';
import type { GitlabApi } from '../gitlab/api.ts';
import { type Io, orCutShort } from '../io.ts';
import { digestOf, makeExecutable } from './bytes.ts';
import { assertDigest, type Expectation } from './expectation.ts';
import { isUnprotected, unprotected } from './link.ts';
import { openPart, type Part } from './part.ts';
import { createTeller, megabytes } from './progress.ts';
import { type Patience, transfer } from './transfer.ts';

/** A file to be had. */
export interface Wanted {
  /** What it is called where it comes from. */
  readonly name: string;
  readonly link: URL;
  /** Where it goes. */
  readonly file: string;
  readonly expected: Expectation | undefined;
  /** A list of digests that is there and does not name it. */
  readonly silent?: string;
  /** Who says that there is such a file. */
  readonly claim: string;
}

/** What a run's files have in common. */
export interface Run {
  readonly api: GitlabApi;
  readonly patience: Patience;
  readonly isExecutable: boolean;
  readonly io: Io;
}

/** A file that came and is as it should be. */
interface Fetched {
  readonly wanted: Wanted;
  /** Undefined where the file was there already. */
  readonly part: Part | undefined;
  /** What is known of it, for the message. */
  readonly verdict: string;
}

/**
 * Downloads files: none is moved into its place before all are there and right. Whatever fails, each is whole or as it
 * was before; parts that a later run can go on with are kept.
 * @throws {AppError} whatever stands between the run and its files
 */
export async function downloadAll(files: readonly Wanted[], run: Run): Promise<void> {
  const fetched: Fetched[] = [];
  try {
    for (const wanted of files) fetched.push(await fetch(wanted, run));
    // A signal that came by now is heeded before the files are there, or not at all.
    await orCutShort(undefined, run.io);
    // What is there already first: its mode may be another user's, and then nothing is moved.
    for (const { part, wanted } of fetched) {
      if (part === undefined && run.isExecutable) makeExecutable(wanted.file);
    }
    for (const { part, wanted, verdict } of fetched) {
      part?.finish(run.isExecutable);
      const what = part === undefined ? 'is there already' : `(${megabytes(part.size())})`;
      const start = part === undefined ? '' : 'wrote ';
      run.io.writeMessage(`${start}${printable(wanted.file)} ${what}, ${verdict}`);
    }
  } finally {
    // Whole and judged, though others failed: there is nothing to fetch again.
    for (const { part, wanted } of fetched) part?.leave(wanted.expected !== undefined);
  }
}

async function fetch(wanted: Wanted, run: Run): Promise<Fetched> {
  const { file, expected, link, name } = wanted;
  if (expected !== undefined && digestOf(file) === expected.sha256) {
    return { wanted, part: undefined, verdict: agreeing(expected) };
  }
  if (expected === undefined && isUnprotected(link, run.api)) throw unprotected(name);
  const part = openPart(file, expected !== undefined, run.io);
  try {
    return { wanted, part, verdict: await fill(part, wanted, run) };
  } catch (error) {
    // Worth keeping where a digest will tell whether what comes after it fits.
    const isCut = !(error instanceof AppError) || error.code === 'UNAVAILABLE';
    const isKept = part.leave(isCut && expected !== undefined && part.size() > 0);
    if (isKept && error instanceof AppError) {
      run.io.writeMessage(
        `${megabytes(part.size())} are kept in ${printable(file)}.part: another run goes on there`,
      );
    }
    throw error;
  }
}

async function fill(part: Part, wanted: Wanted, run: Run): Promise<string> {
  const { expected, name, link } = wanted;
  const already = part.size();
  if (expected !== undefined && already > 0 && part.sha256() === expected.sha256) return agreeing(expected);
  if (already > 0)
    run.io.writeMessage(`going on with ${printable(part.file)}.part, ${megabytes(already)} are there`);
  const fetchIt = async () => {
    const teller = createTeller(name, part.size(), run.io);
    const patience = { ...run.patience, retry: { ...run.patience.retry, tell: teller.tell } };
    const order = {
      link,
      name,
      part,
      claim: wanted.claim,
      isJudged: expected !== undefined,
      follow: teller.follow,
    };
    try {
      return await orCutShort(transfer(run.api, order, patience), run.io);
    } finally {
      teller.end();
    }
  };
  const first = await fetchIt();
  let { sha256 } = first;
  // Of two files, it may be: what an earlier run left, or what was there before a cut, and another that came behind it.
  if (expected !== undefined && first.isJoined && part.sha256() !== expected.sha256) {
    run.io.writeMessage(`the parts of ${printable(name)} are not of one file: fetching it anew`);
    part.restart();
    ({ sha256 } = await fetchIt());
  }
  const known =
    expected ?? (sha256 === undefined ? undefined : { sha256, source: 'X-Checksum-SHA256 of the answer' });
  const found = part.sha256();
  if (known !== undefined) assertDigest(found, known, name);
  return known === undefined ? unchecked(found, wanted.silent) : agreeing(known);
}

function agreeing({ source }: Expectation): string {
  return `SHA-256 as in ${source}`;
}

function unchecked(found: string, silent: string | undefined): string {
  const who = silent === undefined ? 'nothing says what it should be' : `${silent} does not name it`;
  return `not checked: ${who}; its SHA-256 is ${found}`;
}
