// One field out of a secret: by key, by JSON Pointer, or the whole as JSON. One that is not there is told with those
// that are, by their names: values are secret.

import { AppError, printable, quoted, shownNames } from '../errors.ts';
import { compactJson, isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { type Followed, followPointer, formatPointer } from '../json-pointer.ts';
import { likelyMeant, nearestFirst } from '../nearest.ts';
import { Secret } from '../secret.ts';
import { type Field, formatField, tokensOf } from './reference.ts';

const NAMED_AT_MOST = 20;

/**
 * Picks a field: a string as it is, anything else as compact JSON.
 * @param where the secret's path, for the message
 * @throws {AppError} FIELD_NOT_FOUND when it is absent or null, naming the fields there are
 */
export function selectField(fields: JsonObject, field: Field | undefined, where: string): Secret {
  if (field === undefined) return new Secret(compactJson(fields));
  const found = followPointer(fields, tokensOf(field));
  if (found.value === undefined || found.value === null) throw fieldNotFound(fields, field, where, found);
  return valueAsSecret(found.value);
}

/** A string as it is, any other value as compact JSON with numbers as Vault wrote them. */
export function valueAsSecret(value: JsonValue): Secret {
  return new Secret(typeof value === 'string' ? value : compactJson(value));
}

function fieldNotFound(fields: JsonObject, field: Field, where: string, found: Followed): AppError {
  const name = field.kind === 'key' ? quoted(field.key) : printable(formatField(field));
  const names = namesOf(fields);
  const fail = (message: string, hint: string) => new AppError('FIELD_NOT_FOUND', message, hint);
  if (found.value === null) {
    const message = `the field ${name} of ${printable(where)} is null`;
    return fail(message, names.length === 0 ? ALL_NULL : theFieldsAre(names, tokensOf(field)[0] ?? ''));
  }
  const message = `${printable(where)} has no field ${name}`;
  if (names.length === 0) return fail(message, ALL_NULL);
  if (found.depth > 0) return partly(message, tokensOf(field), found);
  const wanted = tokensOf(field)[0] ?? '';
  const meant = likelyMeant(names, wanted);
  const shown = meant !== undefined && field.kind === 'pointer' ? formatPointer([meant]) : meant;
  return fail(
    `${message}${shown === undefined ? '' : `: did you mean ${quoted(shown)}?`}`,
    `${nestedHint(fields, field)}${theFieldsAre(names, wanted)}`,
  );
}

const ALL_NULL = 'it has no other field: the secret is empty, or all of it is null';

function theFieldsAre(names: readonly string[], wanted: string): string {
  return `the fields there are: ${listed(names, wanted)}`;
}

/** Of a pointer that leads into the secret but not to its end: how far it leads, and what is there. */
function partly(message: string, tokens: readonly string[], { depth, last }: Followed): AppError {
  const path = tokens.slice(0, depth);
  const there = printable(formatPointer(path));
  const missing = tokens[depth] ?? '';
  const meant = isJsonObject(last) ? likelyMeant([...last.keys()], missing) : undefined;
  return new AppError(
    'FIELD_NOT_FOUND',
    meant === undefined ? message : `${message}: did you mean ${quoted(formatPointer([...path, meant]))}?`,
    `${there} is there, and has no ${quoted(missing)}: it ${contentOf(last, missing)}`,
  );
}

function contentOf(value: JsonValue, wanted: string): string {
  if (isJsonObject(value)) return value.size === 0 ? 'is empty' : `has: ${listed([...value.keys()], wanted)}`;
  if (!Array.isArray(value)) return value === null ? 'is null' : 'is a single value: end the pointer there';
  return value.length === 0 ? 'is an empty list' : `is a list: its elements are 0 to ${value.length - 1}`;
}

/** Of `#a.b` or `#a/b`, which are names of fields: how the field `b` of the field `a` is written, where there is one. */
function nestedHint(fields: JsonObject, field: Field): string {
  if (field.kind !== 'key' || field.key.length > 500) return '';
  for (const separator of ['.', '/']) {
    const tokens = field.key.split(separator);
    if (tokens.length < 2 || (followPointer(fields, tokens).value ?? null) === null) continue;
    return `for the nested value, write #${printable(formatPointer(tokens))}; `;
  }
  return '';
}

function namesOf(fields: JsonObject): string[] {
  return [...fields].filter(([, value]) => value !== null).map(([key]) => key);
}

function listed(names: readonly string[], wanted: string): string {
  return shownNames(nearestFirst(names, wanted), NAMED_AT_MOST, quoted);
}
