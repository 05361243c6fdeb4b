// One field out of a secret: by key, by JSON Pointer, or the whole as JSON.

import { AppError, printable, quoted } from '../errors.ts';
import { compactJson, isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { Secret } from '../secret.ts';
import { type Field, formatField } from './reference.ts';

/**
 * Picks a field: a string as it is, anything else as compact JSON.
 * @param where the secret's path, for the message
 * @throws {AppError} FIELD_NOT_FOUND when it is absent or null, naming the fields there are
 */
export function selectField(fields: JsonObject, field: Field | undefined, where: string): Secret {
  if (field === undefined) return new Secret(compactJson(fields));
  const value = field.kind === 'key' ? fields.get(field.key) : follow(fields, field.tokens);
  if (value === undefined || value === null) throw fieldNotFound(fields, field, where, value === null);
  return valueAsSecret(value);
}

/** A string as it is, any other value as compact JSON with numbers as Vault wrote them. */
export function valueAsSecret(value: JsonValue): Secret {
  return new Secret(typeof value === 'string' ? value : compactJson(value));
}

// RFC 6901, section 4: an array's element is named by digits without a leading zero.
function follow(fields: JsonObject, tokens: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = fields;
  for (const token of tokens) {
    if (isJsonObject(value)) value = value.get(token);
    else if (Array.isArray(value) && /^(?:0|[1-9][0-9]*)$/.test(token)) value = value[Number(token)];
    else return undefined;
  }
  return value;
}

function fieldNotFound(fields: JsonObject, field: Field, where: string, isNull: boolean): AppError {
  const name = field.kind === 'key' ? quoted(field.key) : printable(formatField(field));
  const names = [...fields].filter(([, value]) => value !== null).map(([key]) => key);
  const message = isNull
    ? `the field ${name} of ${printable(where)} is null`
    : `${printable(where)} has no field ${name}`;
  if (names.length === 0)
    return new AppError(
      'FIELD_NOT_FOUND',
      message,
      'it has no other field: the secret is empty, or all of it is null',
    );
  const wanted = field.kind === 'key' ? field.key : (field.tokens[0] ?? '');
  const shown = nearestFirst(names, wanted).slice(0, 20).map(quoted).join(', ');
  const more = names.length > 20 ? `, and ${names.length - 20} more` : '';
  return new AppError('FIELD_NOT_FOUND', message, `the fields there are: ${shown}${more}`);
}

function nearestFirst(names: readonly string[], wanted: string): string[] {
  const near = (name: string) => {
    const a = name.toLowerCase();
    const b = wanted.toLowerCase();
    if (a === b) return 0;
    return a.includes(b) || b.includes(a) ? 1 : 2;
  };
  return [...names].sort((a, b) => near(a) - near(b) || (a < b ? -1 : 1));
}
