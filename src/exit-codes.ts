// The one table from error codes to exit statuses. Statuses are part of the interface: jobs use them in
// `retry:exit_codes` and `allow_failure:exit_codes`, so a code may be added but never moved.

import type { ErrorCode } from './errors.ts';

/** A process that did its work. */
export const EXIT_OK = 0;

const STATUSES: Readonly<Record<ErrorCode, number>> = {
  INTERNAL: 1,
  USAGE: 2,
  CONFIG: 2,
  OUTPUT: 2,
  ID_TOKEN_MISSING: 3,
  ID_TOKEN_INVALID: 3,
  LOGIN_DENIED: 4,
  PERMISSION_DENIED: 4,
  SECRET_NOT_FOUND: 5,
  FIELD_NOT_FOUND: 5,
  ASSET_NOT_FOUND: 5,
  UNAVAILABLE: 6,
  TLS_UNTRUSTED: 7,
  BAD_RESPONSE: 7,
  CHECKSUM_MISMATCH: 7,
  // What a shell says of a command that it cannot start (POSIX.1-2017, XCU 2.8.2).
  COMMAND_NOT_EXECUTABLE: 126,
  COMMAND_NOT_FOUND: 127,
};

/** Every code, in the order of their statuses. */
export const CODES = Object.keys(STATUSES) as readonly ErrorCode[];

/** The exit status for a failure of this kind: 1 to 7, 126 or 127. */
export function exitStatusOf(code: ErrorCode): number {
  return STATUSES[code];
}
