// MAPPING: which variables are made from which secrets.
//
//   NAME=REF       one variable
//   PREFIX_*=REF   every field of the secret, its name in upper case behind the prefix
//   REF            every field, its name in upper case; with #FIELD only that one

import { AppError, printable, quoted } from './errors.ts';
import type { JsonObject } from './json.ts';
import { assertNames, type Named, nameFromField } from './output/field-name.ts';
import { whyTheShellsOwn } from './output/reserved-names.ts';
import { isVariableName, type Variable } from './output/variable.ts';
import type { Secret } from './secret.ts';
import { selectField, valueAsSecret } from './vault/fields.ts';
import {
  type Field,
  formatReference,
  parseReference,
  type Reference,
  secretPath,
} from './vault/reference.ts';

/** A parsed MAPPING. */
export interface Mapping {
  readonly reference: Reference;
  readonly target: Target;
}

type Target =
  /** the one name that the user chose */
  | { readonly kind: 'name'; readonly name: string }
  /** names made from the secret's fields */
  | { readonly kind: 'fields'; readonly prefix: string };

/**
 * Reads a MAPPING. What stands before the first `=` is a name, unless it can only be the beginning of a REF (it holds
 * `/`, `#`, `@` or `?`): a field's name may hold `=` too.
 * @throws {AppError} USAGE
 */
export function parseMapping(text: string): Mapping {
  const equals = text.indexOf('=');
  const left = equals < 0 ? '' : text.slice(0, equals);
  if (text !== '' && equals < 0 && !/[/#@?]/.test(text)) {
    throw new AppError(
      'USAGE',
      `${quoted(text)} is no MAPPING: it names no secret`,
      'write NAME=PATH#FIELD, PREFIX_*=PATH or PATH',
    );
  }
  if (equals < 0 || /[/#@?]/.test(left)) {
    return { reference: parseReference(text), target: { kind: 'fields', prefix: '' } };
  }
  const reference = parseReference(text.slice(equals + 1));
  if (left.endsWith('*')) {
    const prefix = left.slice(0, -1);
    if (prefix !== '' && !isVariableName(prefix)) throw badName(prefix, 'prefix');
    return { reference, target: { kind: 'fields', prefix } };
  }
  if (!isVariableName(left)) throw badName(left, 'name');
  const reason = whyTheShellsOwn(left);
  if (reason !== undefined) {
    throw new AppError('USAGE', `the variable ${left} ${reason}`, 'choose another name');
  }
  return { reference, target: { kind: 'name', name: left } };
}

/** Writes a mapping so that `parseMapping` reads the same one back. */
export function formatMapping({ reference, target }: Mapping): string {
  if (target.kind === 'name') return `${target.name}=${formatReference(reference)}`;
  return `${target.prefix}*=${formatReference(reference)}`;
}

/**
 * The names that are known before anything is read, so that a mistake in them costs no login.
 * @throws {AppError} CONFIG for two that are equal, or those that no field may make
 */
export function checkNames(mappings: readonly Mapping[]): void {
  assertNames(
    mappings.flatMap(({ reference, target }) => {
      const from = referenceTo(reference, reference.field);
      if (target.kind === 'name') return [{ from, name: target.name }];
      if (reference.field === undefined) return [];
      return [{ from, name: nameFromField(target.prefix, lastName(reference.field), secretPath(reference)) }];
    }),
  );
}

/** What a field makes: a value, and the name for it, or why there is none. `settleNames` makes variables of it. */
export interface Made extends Named {
  readonly value: Secret;
}

/**
 * What one mapping makes from its secret.
 * @param all every mapping of the run: a field that one of them names is left out of `PREFIX_*=`
 * @throws {AppError} FIELD_NOT_FOUND
 */
export function variablesOf(mapping: Mapping, fields: JsonObject, all: readonly Mapping[] = []): Made[] {
  const { reference, target } = mapping;
  const where = secretPath(reference);
  const { field } = reference;
  if (target.kind === 'name' || field !== undefined) {
    const name = target.kind === 'name' ? target.name : nameFromField(target.prefix, lastName(field), where);
    return [{ name, from: referenceTo(reference, field), value: selectField(fields, field, where) }];
  }
  const named = all.flatMap((other) => fieldNamedBy(other, reference));
  // A null has no value to give. The other fields are still wanted, and whoever asks for it by name is told.
  const made = [...fields].flatMap(([key, value]) => {
    if (value === null || named.includes(key)) return [];
    const from = referenceTo(reference, fieldOf(key));
    return [{ name: nameFromField(target.prefix, key, where), from, value: valueAsSecret(value) }];
  });
  if (made.length > 0 || named.length > 0) return made;
  throw new AppError(
    'FIELD_NOT_FOUND',
    `${printable(where)} has no field to make a variable of`,
    'the secret is empty, or all of it is null',
  );
}

function fieldNamedBy({ reference, target }: Mapping, of: Reference): string[] {
  const isSame = secretPath(reference) === secretPath(of) && reference.version === of.version;
  return isSame && target.kind === 'name' && reference.field?.kind === 'key' ? [reference.field.key] : [];
}

/** The fields that `variablesOf` passes over. */
export function nullFields({ reference, target }: Mapping, fields: JsonObject): string[] {
  if (target.kind === 'name' || reference.field !== undefined) return [];
  return [...fields].filter(([, value]) => value === null).map(([key]) => key);
}

/**
 * All variables of a run, in the order of the mappings.
 * @throws {AppError} CONFIG with every field that makes no name, or one that changes how programs run; else when two
 * variables would have one name
 */
export function settleNames(made: readonly Made[]): readonly Variable[] {
  assertNames(made);
  return made.flatMap(({ name, value }) => (typeof name === 'string' ? [{ name, value }] : []));
}

function lastName(field: Field | undefined): string {
  return (field?.kind === 'key' ? field.key : field?.tokens.at(-1)) ?? '';
}

// A key that begins with a slash would be taken for a JSON Pointer.
function fieldOf(key: string): Field {
  return key.startsWith('/') ? { kind: 'pointer', tokens: [key] } : { kind: 'key', key };
}

function referenceTo(reference: Reference, field: Field | undefined): string {
  const path = secretPath(reference).split('/');
  return formatReference({ ...reference, path, mount: undefined, field });
}

function badName(name: string, kind: string): AppError {
  return new AppError(
    'USAGE',
    `${quoted(name)} is not a variable's ${kind}`,
    'letters, digits and _ make one, and no digit comes first',
  );
}
