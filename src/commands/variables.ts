// The variables that a run's mappings make, for every command that gives variables to somebody.

import { AppError, quoted } from '../errors.ts';
import type { Io } from '../io.ts';
import { checkNames, type Mapping, nullFields, parseMapping, settleNames, variablesOf } from '../mapping.ts';
import type { Variable } from '../output/variable.ts';
import type { SecretRead } from '../vault/secrets.ts';

/**
 * Reads the MAPPINGs of a command line, and checks what can be known of their names before anything is sent.
 * @throws {AppError} USAGE, CONFIG
 */
export function parseMappings(positionals: readonly string[], command: string): Mapping[] {
  if (positionals.length === 0) {
    throw new AppError(
      'USAGE',
      `${command} needs a MAPPING, such as NAME=PATH#FIELD`,
      `see: civault ${command} --help`,
    );
  }
  const mappings = positionals.map(parseMapping);
  checkNames(mappings);
  return mappings;
}

/**
 * Makes the variables, in the order of the mappings.
 * @param secrets the secrets that the mappings' references name, in the same order
 * @throws {AppError} FIELD_NOT_FOUND; CONFIG for names that cannot be or that clash
 */
export function makeVariables(
  mappings: readonly Mapping[],
  secrets: readonly SecretRead[],
  io: Io,
): readonly Variable[] {
  const made = mappings.flatMap((mapping, index) => {
    const fields = secrets[index]?.fields;
    if (fields === undefined) throw new Error('a mapping without its secret');
    for (const field of nullFields(mapping, fields)) {
      io.writeMessage(`note: the field ${quoted(field)} is null: no variable is made of it`);
    }
    return variablesOf(mapping, fields, mappings);
  });
  return settleNames(made);
}
