// What is more than an answer of the server ever has, so that somebody else must be answering.

import { AppError, printable } from '../errors.ts';
import { addressName, authorityOf, type Endpoint, serviceName } from './address.ts';

/** The largest answer that is read. Vault's own limit for a request is 32 MiB, for an entry in its storage 1 MiB. */
export const LARGEST_ANSWER = 8 * 1024 * 1024;

/** The most informational answers (RFC 9110, section 15.2) before the answer: a hint or two are usual, and Go takes five. */
export const MOST_INFORMATIONAL = 100;

/** Tells of an answer that goes on beyond the largest. */
export function tooLarge(endpoint: Endpoint): AppError {
  return excess(endpoint, 'the answer of SERVER is larger than 8 MiB', 'it should be far smaller');
}

/** Tells of a server that says again and again that its answer is about to come. */
export function endless(endpoint: Endpoint): AppError {
  const what = `SERVER sent more than ${MOST_INFORMATIONAL} informational answers (1xx), and no other`;
  return excess(endpoint, what, 'it does not come to its answer');
}

function excess(endpoint: Endpoint, what: string, why: string): AppError {
  const where = printable(endpoint.socketPath ?? authorityOf(endpoint));
  const hint = `${why}: check that ${addressName(endpoint)} is the one of ${serviceName(endpoint)}`;
  return new AppError(
    'BAD_RESPONSE',
    what.replace('SERVER', () => where),
    hint,
  );
}
