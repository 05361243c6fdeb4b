// Where a failure is explained at length: each code has its section in docs/errors.md.

import type { ErrorCode } from './errors.ts';

/** The short address of a code's section. */
export function docsOf(code: ErrorCode): string {
  return `docs/errors.md#${code.toLowerCase()}`;
}

/** A hint with that address at its end: on a line of its own behind lines that are meant to be copied. */
export function withDocs(hint: string | undefined, code: ErrorCode): string {
  if (hint === undefined) return `see ${docsOf(code)}`;
  return hint.includes('\n') ? `${hint}\n  see ${docsOf(code)}` : `${hint} (${docsOf(code)})`;
}
