// The doctor's steps for secrets: whether each can be read, and which fields it has. Never a value.

import { printable, quoted, shownNames } from '../errors.ts';
import { JsonNumber } from '../json.ts';
import { selectField } from '../vault/fields.ts';
import { formatReference, type Reference, secretPath } from '../vault/reference.ts';
import { type Lease, readSecrets, type SecretRead } from '../vault/secrets.ts';
import type { Session } from '../vault/session.ts';
import {
  attempt,
  attemptLater,
  fail,
  namesFact,
  numberFact,
  type Outcome,
  ok,
  type Step,
  skip,
} from './step.ts';

const MOST_FIELDS = 20;

/** A reference, and what came of reading it. */
export interface Tried {
  readonly reference: Reference;
  readonly outcome: Outcome<SecretRead>;
}

/**
 * Reads each secret, every path once and all side by side.
 * @param keep is told of each lease as soon as it is made: it is to be ended, whatever comes of the rest
 */
export async function readEach(
  session: Session,
  references: readonly Reference[],
  keep: (lease: Lease) => void,
): Promise<Tried[]> {
  const reads = new Map<string, Promise<Outcome<SecretRead>>>();
  return Promise.all(
    references.map(async (reference) => {
      const key = JSON.stringify([secretPath(reference), reference.version]);
      const read = reads.get(key) ?? attemptLater(readOne(session, reference, keep));
      reads.set(key, read);
      return { reference, outcome: await read };
    }),
  );
}

async function readOne(
  session: Session,
  reference: Reference,
  keep: (lease: Lease) => void,
): Promise<SecretRead> {
  const [secret] = await readSecrets(session, [reference]);
  if (secret === undefined) throw new Error('a reference without its secret');
  if (secret.lease !== undefined) keep(secret.lease);
  return secret;
}

/** Tells how a secret was found. */
export function secretStep(reference: Reference, outcome: Outcome<SecretRead>): Step {
  const ref = printable(formatReference(reference));
  const facts = { ref };
  if ('error' in outcome) return failedRead(reference, outcome.error, facts);
  const { fields, version, lease } = outcome.value;
  const selected = attempt(() => selectField(fields, reference.field, secretPath(reference)));
  if ('error' in selected) return fail('secret', selected.error, { facts });
  const names = [...fields.keys()].sort();
  const kind = version === undefined ? '' : ` (version ${printable(version)})`;
  const leased = lease === undefined ? '' : `; a lease of ${lease.seconds} s`;
  return ok(
    'secret',
    `${ref}: ${names.length === 0 ? 'no fields' : shownNames(names, MOST_FIELDS, quoted)}${kind}${leased}`,
    {
      facts: {
        ref,
        fields: namesFact(names),
        field_count: numberFact(names.length),
        version: version === undefined ? undefined : new JsonNumber(version),
      },
    },
  );
}

// What is not about a path, such as a time-out, does not name it.
function failedRead(reference: Reference, error: unknown, facts: { readonly ref: string }): Step {
  const step = fail('secret', error, { facts });
  return step.says.includes(printable(secretPath(reference)))
    ? step
    : { ...step, says: `${facts.ref}: ${step.says}` };
}

/** Tells that a secret was not read. */
export function unread(reference: Reference, why: string): Step {
  return skip('secret', `${printable(formatReference(reference))}: ${why}`);
}
