// Proves that every kind of failure ends with the status that jobs rely on in `retry:exit_codes`.

import assert from 'node:assert/strict';
import test from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { EXIT_OK, exitStatusOf } from '../../src/exit-codes.ts';

// Complete by its type: a code that is added to the one must be added here.
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
  COMMAND_NOT_EXECUTABLE: 126,
  COMMAND_NOT_FOUND: 127,
};
for (const [code, status] of Object.entries(STATUSES)) {
  test(`${code} ends with ${status}`, () => assert.equal(exitStatusOf(code as ErrorCode), status));
}

test('work that is done ends with 0', () => assert.equal(EXIT_OK, 0));
