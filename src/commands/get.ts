// civault get REF...: one field's bytes, a whole secret as JSON, or several fields as one JSON object.

import { AppError, printable, quoted } from '../errors.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { compactJson, type JsonObject, type JsonValue } from '../json.ts';
import { followPointer } from '../json-pointer.ts';
import { decodeBase64 } from '../output/base64.ts';
import { selectField } from '../vault/fields.ts';
import {
  type Field,
  formatReference,
  parseReference,
  type Reference,
  secretPath,
  tokensOf,
} from '../vault/reference.ts';
import type { SecretRead } from '../vault/secrets.ts';
import type { Command } from './command.ts';
import { resultWriter } from './result.ts';
import { withSecrets } from './vault-run.ts';

export const get: Command = {
  grammar: { values: ['output'], switches: ['base64-decode'] },
  run: async (line, context) => {
    const references = line.positionals.map(parseReference);
    const decode = line.switches.has('base64-decode');
    const result = resultOf(references, decode);
    const writeResult = resultWriter(line, context.io);
    await withSecrets(references, line.flags, context, (secrets) => writeResult(result(secrets)));
    return EXIT_OK;
  },
};

/** Makes the result of the secrets that were read, in the order of the references. */
type Result = (secrets: readonly SecretRead[]) => string | Uint8Array;

/**
 * Settles what the result will be, as far as that is known before anything is read.
 * @throws {AppError} USAGE
 */
function resultOf(references: readonly Reference[], decode: boolean): Result {
  const [only, ...more] = references;
  if (only === undefined) throw new AppError('USAGE', 'get needs a REF', 'see: civault get --help');
  if (!decode) return more.length === 0 ? (secrets) => textOf(only, secrets[0]) : allAsJson(references);
  if (more.length > 0) {
    const hint = 'run it once for each';
    throw new AppError('USAGE', `--base64-decode takes one REF, not ${references.length}`, hint);
  }
  if (only.field === undefined) throw withoutField(only, '--base64-decode decodes one field');
  const what = printable(formatReference(only));
  return (secrets) => decodeBase64(textOf(only, secrets[0]), what);
}

function textOf(reference: Reference, secret: SecretRead | undefined): string {
  return selectField(fieldsOf(secret), reference.field, secretPath(reference)).reveal();
}

function allAsJson(references: readonly Reference[]): Result {
  const wanted = new Map<string, { reference: Reference; field: Field; index: number }>();
  for (const [index, reference] of references.entries()) {
    const { field } = reference;
    if (field === undefined) throw withoutField(reference, 'several REFs make one object of their fields');
    const name = tokensOf(field).at(-1) ?? '';
    const other = wanted.get(name)?.reference;
    if (other !== undefined) throw sameName(name, other, reference);
    wanted.set(name, { reference, field, index });
  }
  return (secrets) => {
    const members = [...wanted].map(([name, { reference, field, index }]) => {
      const fields = fieldsOf(secrets[index]);
      return [name, jsonOf(fields, field, secretPath(reference))] as const;
    });
    return compactJson(new Map(members));
  };
}

function fieldsOf(secret: SecretRead | undefined): JsonObject {
  if (secret === undefined) throw new Error('a reference without its secret');
  return secret.fields;
}

// What selectField gives does not tell a number from a text of digits. It judges whether there is such a field at all.
function jsonOf(fields: JsonObject, field: Field, where: string): JsonValue {
  selectField(fields, field, where);
  return followPointer(fields, tokensOf(field)).value ?? null;
}

function withoutField(reference: Reference, why: string): AppError {
  const text = printable(formatReference(reference));
  return new AppError('USAGE', `${why}, and ${text} names none`, 'write PATH#FIELD');
}

function sameName(name: string, one: Reference, other: Reference): AppError {
  const [first, second] = [one, other].map((reference) => printable(formatReference(reference)));
  return new AppError(
    'USAGE',
    `the name ${quoted(name)} would be in the object twice: from ${first} and ${second}`,
    'choose the names yourself: civault env --format json NAME=REF NAME=REF',
  );
}
