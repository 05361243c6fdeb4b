// MAPPING: which variables are made from which secrets.
//
//   NAME=REF       one variable
//   PREFIX_*=REF   every field of the secret, its name in upper case behind the prefix
//   REF            every field, its name in upper case; with #FIELD only that one

import { AppError, printable, quoted } from './errors.ts';
import type { JsonObject } from './json.ts';
import {
  isVariableName,
  type Variable,
  variableNameOf,
  whyReserved,
  whyTheShellsOwn,
} from './output/variable.ts';
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
 * @throws {AppError} CONFIG for two that are equal, or one that a field may not make
 */
export function checkNames(mappings: readonly Mapping[]): void {
  refuseClashes(
    mappings.flatMap(({ reference, target }) => {
      if (target.kind === 'name') return [target.name];
      if (reference.field === undefined) return [];
      return [nameFromField(target.prefix, lastName(reference.field), secretPath(reference))];
    }),
  );
}

/**
 * The variables that one mapping makes from its secret.
 * @param all every mapping of the run: a field that one of them names is left out of `PREFIX_*=`
 * @throws {AppError} FIELD_NOT_FOUND; CONFIG when a field makes no name, or one that changes how programs run
 */
export function variablesOf(mapping: Mapping, fields: JsonObject, all: readonly Mapping[] = []): Variable[] {
  const { reference, target } = mapping;
  const where = secretPath(reference);
  if (target.kind === 'name') {
    return [{ name: target.name, value: selectField(fields, reference.field, where) }];
  }
  if (reference.field !== undefined) {
    const name = nameFromField(target.prefix, lastName(reference.field), where);
    return [{ name, value: selectField(fields, reference.field, where) }];
  }
  const named = all.flatMap((other) => fieldNamedBy(other, reference));
  const wanted = [...fields].filter(([key]) => !named.includes(key));
  // A null has no value to give. The other fields are still wanted, and whoever asks for it by name is told.
  const variables = wanted.flatMap(([key, value]) =>
    value === null ? [] : [{ name: nameFromField(target.prefix, key, where), value: valueAsSecret(value) }],
  );
  if (variables.length > 0 || named.length > 0) return variables;
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
 * @throws {AppError} CONFIG when two of them would have one name
 */
export function withoutClashes(variables: readonly Variable[]): readonly Variable[] {
  refuseClashes(variables.map(({ name }) => name));
  return variables;
}

function refuseClashes(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice === undefined) return;
  throw new AppError(
    'CONFIG',
    `the variable ${twice} would be set twice`,
    'give one of the two fields a name of its own: NAME=REF#FIELD',
  );
}

function lastName(field: Field): string {
  return field.kind === 'key' ? field.key : (field.tokens.at(-1) ?? '');
}

function nameFromField(prefix: string, field: string, where: string): string {
  const name = variableNameOf(prefix, field);
  const hint = `give it a name of its own: NAME=${printable(where)}#FIELD`;
  if (!isVariableName(name)) {
    throw new AppError(
      'CONFIG',
      `the field ${quoted(field)} of ${printable(where)} makes no variable name`,
      hint,
    );
  }
  const reason = whyReserved(name);
  if (reason === undefined) return name;
  throw new AppError(
    'CONFIG',
    `the field ${quoted(field)} of ${printable(where)} would set ${name}, which ${reason}`,
    hint,
  );
}

function badName(name: string, kind: string): AppError {
  return new AppError(
    'USAGE',
    `${quoted(name)} is not a variable's ${kind}`,
    'letters, digits and _ make one, and no digit comes first',
  );
}
