// Values of settings: how a text becomes a time, a number or a switch, and what no setting may hold.

import { whyUnfilled } from './ci-variables.ts';
import { AppError, holdsToken, printable, quoted } from './errors.ts';
import type { Environment, NamedValue } from './io.ts';

/** How a line break gets into a value, and what to do. */
export const WITHOUT_CONTROLS =
  'write the value in one line: it may have been copied with its line break, or stand after | in YAML';

/** A time in milliseconds; a minute unless said. */
export function readDuration(
  flag: string | undefined,
  flagName: string,
  variable: NamedValue | undefined,
): number {
  const given = flag === undefined ? variable : { name: flagName, value: flag };
  if (given === undefined) return 60_000;
  const milliseconds = parseDuration(given.value);
  // Node's timers hold 31 bits of milliseconds: beyond them they fire at once.
  if (milliseconds !== undefined && milliseconds > 0 && milliseconds <= 86_400_000) return milliseconds;
  throw new AppError(
    'CONFIG',
    `${given.name} is ${quoted(given.value)}: not a time`,
    'write seconds (30) or a duration (90s, 1m30s), a day at most',
  );
}

/** A duration as Go writes it (`1m30s`, `500ms`), or plain seconds, in milliseconds. */
export function parseDuration(text: string): number | undefined {
  if (/^[0-9]{1,9}(\.[0-9]{1,9})?$/.test(text)) return Number(text) * 1000;
  if (!/^([0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h))+$/.test(text)) return undefined;
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  let sum = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/([0-9.]+)(ms|s|m|h)/g)) {
    sum += Number(amount) * (units[unit] ?? 0);
  }
  return sum;
}

/** How often to try again; 5 unless said. */
export function readRetries(flag: string | undefined, variable: NamedValue | undefined): number {
  const given = flag === undefined ? variable : { name: '--retries', value: flag };
  if (given === undefined) return 5;
  if (/^[0-9]{1,3}$/.test(given.value)) return Number(given.value);
  throw new AppError(
    'CONFIG',
    `${given.name} is ${quoted(given.value)}: not a number of tries`,
    'write a number from 0 to 999',
  );
}

/** On or off, as Go's strconv.ParseBool has it and Vault's own client reads it; off unless said. */
export function readSwitch(variable: NamedValue | undefined): boolean {
  if (variable === undefined || /^(0|f|F|false|FALSE|False)$/.test(variable.value)) return false;
  if (/^(1|t|T|true|TRUE|True)$/.test(variable.value)) return true;
  throw new AppError('CONFIG', `${variable.name} is ${quoted(variable.value)}`, 'write true or false');
}

/** The first control character of a text, in words and with its place; undefined where there is none. */
export function controlIn(value: string): string | undefined {
  const found = /[\u0000-\u001f\u007f]/.exec(value);
  if (found === null) return undefined;
  const [character] = found;
  const names: Readonly<Record<string, string>> = {
    '\n': 'a line break',
    '\r': 'a line break',
    '\t': 'a tab',
  };
  const isAtEnd = /^[\u0000-\u001f\u007f]*$/.test(value.slice(found.index));
  const place = isAtEnd ? 'at its end' : found.index === 0 ? 'at its beginning' : 'in its middle';
  return `${names[character] ?? printable(character)} ${place}`;
}

/** The value, unless it holds a control character, such as the line break that a copied one ends with. */
export function withoutControls(value: string, name: string): string {
  const control = controlIn(value);
  if (control === undefined) return value;
  // The value is not shown: VAULT_TOKEN comes through here too.
  throw new AppError('CONFIG', `${name} holds a control character: ${control}`, WITHOUT_CONTROLS);
}

/** The value, if it can stand in a header. */
export function headerText(value: string, name: string): string {
  if (/^[\x20-\x7e]*$/.test(withoutControls(value, name))) return value;
  throw new AppError(
    'CONFIG',
    `${name} is ${quoted(value)}: it can only be ASCII`,
    'write it in letters that ASCII has',
  );
}

/**
 * The value, unless it holds a variable that nobody filled in: `$VAULT_ROLE`.
 * @param variable where the value came from, if the name says more than that
 * @throws {AppError} CONFIG, with the likely reason in this environment
 */
export function filledIn(
  value: string,
  name: string,
  environment: Environment = {},
  variable = name,
): string {
  if (!/\$\{?[A-Za-z_]/.test(value)) return value;
  throw new AppError(
    'CONFIG',
    `${name} is ${quoted(value)}: a variable in it was never filled in`,
    whyUnfilled(value, variable, environment),
  );
}

/** A file's path. A certificate in its place is what a CI/CD variable that is not of type File leads to. */
export function readPath(variable: NamedValue | undefined): NamedValue | undefined {
  if (variable === undefined) return undefined;
  const { name, value } = variable;
  if (value.includes('-----BEGIN')) {
    throw new AppError(
      'CONFIG',
      `${name} holds a certificate, and not the path of a file with it`,
      `make the CI/CD variable one of type File, or name it ${name}_BYTES`,
    );
  }
  return { name, value: withoutControls(value, name) };
}

/** A certificate itself. A path in its place is what a CI/CD variable of type File leads to. */
export function readBytes(variable: NamedValue | undefined): NamedValue | undefined {
  if (variable === undefined || variable.value.includes('-----BEGIN')) return variable;
  const { name, value } = variable;
  if (!/^[./~][^\n]*$/.test(value)) return variable;
  throw new AppError(
    'CONFIG',
    `${name} is ${quoted(value)}: that is a path, and not a certificate`,
    `name the variable ${name.replace(/_BYTES$/, '')}, which takes the path of a file`,
  );
}

/** The same, unless it is nothing but a variable that nobody filled in. */
export function filledVariable(
  variable: NamedValue | undefined,
  environment: Environment,
): NamedValue | undefined {
  const isUnfilled = variable !== undefined && /^\$+\{?[A-Za-z_]\w{0,99}\}?$/.test(variable.value);
  if (isUnfilled) filledIn(variable.value, variable.name, environment);
  return variable;
}

/** Finds a variable's value by its name, or the first of several names. */
export type Find = (...names: string[]) => NamedValue | undefined;

/**
 * Finds the first of some variables that is set and not empty.
 * @throws {AppError} CONFIG for one that holds a control character
 */
export function finder(environment: Environment): Find {
  return (...names) => {
    for (const name of names) {
      const value = environment[name];
      if (value !== undefined && value !== '') return { name, value: withoutControls(value, name) };
    }
    return undefined;
  };
}

/** A variable that may have several lines; undefined where it is empty. */
export function multiline(environment: Environment, name: string): NamedValue | undefined {
  const value = environment[name] ?? '';
  return value === '' ? undefined : { name, value };
}

/**
 * The name of a variable, from a flag that names one.
 * @param example a name that would be right
 * @throws {AppError} CONFIG
 */
export function readVariableName(name: string, flag: string, example: string): string {
  if (holdsToken(name)) {
    throw new AppError(
      'CONFIG',
      `${flag} holds a token: it takes the name of the variable`,
      `write ${flag} ${example}, without a $`,
    );
  }
  const named = /^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$/.exec(name)?.[1];
  if (name !== '' && named === undefined && !/[=\u0000-\u001f\u007f]/.test(name)) return name;
  throw new AppError(
    'CONFIG',
    `${flag} is ${quoted(name)}: no variable has that name`,
    named === undefined
      ? `name the variable that holds the token, such as ${example}`
      : `write ${flag} ${printable(named)}, without a $`,
  );
}

/**
 * The proxies that hold for every server, in either case of their names.
 * @throws {AppError} CONFIG
 */
export function readProxies(environment: Environment): {
  readonly forHttps: NamedValue | undefined;
  readonly forHttp: NamedValue | undefined;
  readonly except: string;
} {
  const find = finder(environment);
  return {
    forHttps: filledVariable(find('HTTPS_PROXY', 'https_proxy'), environment),
    forHttp: filledVariable(find('HTTP_PROXY', 'http_proxy'), environment),
    except: find('NO_PROXY', 'no_proxy')?.value ?? '',
  };
}
