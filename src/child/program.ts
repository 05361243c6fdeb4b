// A program to be run.

import type { Environment } from '../io.ts';
import type { Masker } from '../output/masker.ts';

/** A program, and what it runs with. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Environment;
  /** Descriptors beyond the standard ones that it is to have, under the same numbers. */
  readonly inherited: readonly number[];
  /** Makes the masker of one output; undefined where nothing is masked. */
  readonly makeMasker: (() => Masker) | undefined;
}
