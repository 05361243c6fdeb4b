// What a table of refusals is made of: which answers of Vault's a row is for, and what they mean. The tables are
// claim-rows.ts, login-rows.ts, read-rows.ts and serving-rows.ts; a new answer is one more row in one of them.
//
// Vault's words are matched by a part that has been stable over its releases. The first row that fits counts, so a narrow
// one stands before a wide one.

import { AppError, type ErrorCode, printable } from '../errors.ts';
import type { VaultAnswer } from './answer.ts';

/** What every row may say something with. */
export interface Found {
  readonly status: number;
  /** What the pattern's group found: the name of a claim. */
  readonly name: string;
  /** Vault's words with a colon before them, fit to be shown; empty where it said nothing. */
  readonly words: string;
}

/** A row: what Vault answers, and what that means. `Facts` is what is known besides. */
export interface Refusal<Facts> {
  /** The status that it comes with; any refusal (4xx, but for 412 and 429) unless said. */
  readonly status?: number | readonly number[] | '5xx';
  /** A part of what Vault says; anything unless said. */
  readonly says?: RegExp;
  /** What must hold besides. */
  readonly when?: (facts: Facts) => boolean;
  readonly code: ErrorCode;
  readonly message: (facts: Facts & Found) => string;
  readonly hint: (facts: Facts & Found) => string;
}

/** What the first row that fits makes of an answer; undefined where none does. */
export function explain<Facts>(
  rows: readonly Refusal<Facts>[],
  answer: Pick<VaultAnswer, 'status' | 'errors'>,
  facts: Facts,
): AppError | undefined {
  const row = rowFor(rows, answer, facts);
  if (row === undefined) return undefined;
  const name = row.says?.exec(wordsOf(answer))?.[1] ?? '';
  const known = { ...facts, status: answer.status, name, words: shownWords(answer) };
  return new AppError(row.code, row.message(known), row.hint(known));
}

/** The first row that fits. */
export function rowFor<Facts>(
  rows: readonly Refusal<Facts>[],
  answer: Pick<VaultAnswer, 'status' | 'errors'>,
  facts: Facts,
): Refusal<Facts> | undefined {
  const text = wordsOf(answer);
  return rows.find(
    ({ status, says, when }) =>
      isOf(status, answer.status) && when?.(facts) !== false && says?.test(text) !== false,
  );
}

/** Whether the first row for an answer says that it would be the same at any other try, though its status does not. */
export function isFinal(rows: readonly Refusal<never>[], status: number, text: string): boolean {
  return rows.some((row) => row.status === status && row.says?.test(text) === true);
}

/** Whoever can change what a refusal is about. */
export const ROLE_OWNER = 'whoever owns the role in Vault';

// Those are no refusals: Vault is not there to answer.
const NOT_SERVING = [412, 429];

function isOf(wanted: Refusal<never>['status'], status: number): boolean {
  if (wanted === '5xx') return status >= 500;
  if (wanted === undefined) return status >= 400 && status < 500 && !NOT_SERVING.includes(status);
  return typeof wanted === 'number' ? wanted === status : wanted.includes(status);
}

// Cut before it is matched: Vault says everything in a line, and whoever sends megabytes is not to be waited for.
function wordsOf({ errors }: Pick<VaultAnswer, 'errors'>): string {
  return errors.join('\n').slice(0, 2000);
}

function shownWords({ errors }: Pick<VaultAnswer, 'errors'>): string {
  const words = errors.join('; ').slice(0, 2000).replace(/\s+/g, ' ').trim();
  return words === '' ? '' : `: ${printable(words)}`;
}
