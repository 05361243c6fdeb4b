// A place with a folder for a job's files, in the place and as this process sees it.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePlace, type Place } from './place.ts';

export interface Workplace extends Place {
  /** The folder, as the job sees it. */
  readonly folder: string;
  /** The same, as this process does. */
  readonly outside: string;
  /** Removes all files from it. */
  readonly empty: () => void;
}

/** Makes one, with nothing in the folder. */
export function makeWorkplace(): Workplace {
  const place = makePlace();
  const folder = place.root === undefined ? mkdtempSync(join(tmpdir(), 'civault-workplace-')) : '/job';
  const outside = join(place.root ?? '', folder);
  mkdirSync(outside, { recursive: true });
  return {
    ...place,
    folder,
    outside,
    empty: () => {
      for (const name of readdirSync(outside)) rmSync(join(outside, name));
    },
    remove: () => {
      if (place.root === undefined) rmSync(outside, { recursive: true, force: true });
      place.remove();
    },
  };
}
