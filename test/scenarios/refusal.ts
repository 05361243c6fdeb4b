// What a refused login looks like: the job, Vault's answer, and what civault makes of it.

import type { Bench, Keys } from './bench.ts';

/** A job that is refused. */
export interface Refusal {
  readonly name: string;
  /** The job's ID token; a good one unless said. */
  readonly mint?: (bench: Bench) => Promise<string>;
  /** Fields of a role for it; nexus-ci unless said. */
  readonly role?: Readonly<Record<string, unknown>>;
  /** 400 unless said. */
  readonly answers?: number;
  /** A part of what Vault answers, for each way that it has the keys. */
  readonly says: string | Readonly<Record<Keys, string>>;
  /** civault's exit status: 3 for the ID token, 4 for a refusal. */
  readonly status: 3 | 4;
  /** What civault makes of it. */
  readonly explains: RegExp;
  /** civault sees it beforehand, and does not ask Vault at all. */
  readonly unasked?: true;
}

/** How Vault begins what it says of a token itself. */
export const INVALID = 'error validating token: ';
