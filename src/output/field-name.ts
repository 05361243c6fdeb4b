// The variables' names that fields make, and what is told of all those that make none.

import { AppError, printable, quoted } from '../errors.ts';
import { whyReserved } from './reserved-names.ts';
import { isVariableName, variableNameOf } from './variable.ts';

const SHOWN_AT_MOST = 20;

/** Why a field makes no variable. */
export interface Refusal {
  readonly why: string;
  /** The path of its secret, as a REF takes it. */
  readonly where: string;
}

/** A name with what it was made from, a REF for messages. */
export interface Named {
  readonly name: string | Refusal;
  readonly from: string;
}

/**
 * The name that a field makes, or why it makes none.
 * @param where the path of its secret
 */
export function nameFromField(prefix: string, field: string, where: string): string | Refusal {
  const name = variableNameOf(prefix, field);
  const which = `the field ${quoted(field)} of ${printable(where)}`;
  if (!isVariableName(name)) return { why: `${which} makes no variable name`, where };
  const reason = whyReserved(name);
  return reason === undefined
    ? name
    : { why: `${which} would set ${printable(name)}, which ${reason}`, where };
}

/**
 * Checks the names of a run.
 * @throws {AppError} CONFIG with every field that makes none, else for two that are equal
 */
export function assertNames(all: readonly Named[]): void {
  const refusals = all.flatMap(({ name }) => (typeof name === 'string' ? [] : [name]));
  if (refusals.length > 0) throw refused(refusals);
  const names = new Map<unknown, string>();
  for (const { name, from } of all) {
    const other = names.get(name);
    if (other !== undefined) {
      throw new AppError(
        'CONFIG',
        `the variable ${printable(String(name))} would be set twice: from ${printable(other)} and ${printable(from)}`,
        'give one of the two fields a name of its own: NAME=REF#FIELD',
      );
    }
    names.set(name, from);
  }
}

function refused(refusals: readonly Refusal[]): AppError {
  const places = new Set(refusals.map(({ where }) => where));
  const path = places.size === 1 ? printable(refusals[0]?.where ?? '') : 'PATH';
  const [it, message] =
    refusals.length === 1 ? ['it', refusals[0]?.why ?? ''] : ['each', listed(refusals.map(({ why }) => why))];
  return new AppError('CONFIG', message, `give ${it} a name of its own: NAME=${path}#FIELD`);
}

function listed(reasons: readonly string[]): string {
  const more = reasons.length - SHOWN_AT_MOST;
  const lines = [...reasons.slice(0, SHOWN_AT_MOST), ...(more > 0 ? [`and ${more} more`] : [])];
  return [`${reasons.length} fields cannot become variables:`, ...lines].join('\n    ');
}
