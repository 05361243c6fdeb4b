// Reading the fields of a request with the leniency of Vault's framework: "a,b" is a list, "15m" is
// 900 seconds, "true" is true.

import { refusal } from './reply.ts';

export type Fields = Readonly<Record<string, unknown>>;

const secondsIn: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 };

/** Seconds of a number, of digits, or of a Go duration such as `1h30m`. */
export function toSeconds(value: unknown): number {
  if (typeof value === 'number') return value;
  const text = String(value);
  if (/^-?\d+$/.test(text)) return Number(text);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) {
    throw refusal(400, `time: invalid duration "${text}"`);
  }
  return Math.trunc(
    parts.reduce((sum, [, count, unit]) => sum + Number(count) * (secondsIn[unit ?? 's'] ?? 1), 0),
  );
}

/** A field as text; absent is '', a list or an object is refused. */
export function textField(fields: Fields, name: string): string {
  const value = fields[name];
  if (value !== null && typeof value === 'object') {
    const type = Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
    const shown = Array.isArray(value) ? `[${value.join(' ')}]` : 'map[]';
    const reason = `'' expected type 'string', got unconvertible type '${type}', value: '${shown}'`;
    throw refusal(400, `Field validation failed: error converting input for field "${name}": ${reason}`);
  }
  return value === undefined || value === null ? '' : String(value);
}

/** A field as a list: an array, or text with commas. */
export function listField(fields: Fields, name: string): string[] {
  const value = fields[name];
  if (Array.isArray(value)) return value.map(String);
  return textField(fields, name)
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** A field as seconds; absent is 0. */
export function secondsField(fields: Fields, name: string): number {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return 0;
  try {
    return toSeconds(value);
  } catch (reason) {
    throw refusal(400, `error converting input for field "${name}": ${(reason as Error).message}`);
  }
}

/** A field as a whole number; absent or empty is 0, anything else that is not one is refused. */
export function countField(fields: Fields, name: string): number {
  const text = textField(fields, name);
  if (text === '') return 0;
  if (!/^[+-]?\d+$/.test(text)) {
    const reason = `cannot parse '' as int: strconv.ParseInt: parsing "${text}": invalid syntax`;
    throw refusal(400, `Field validation failed: error converting input for field "${name}": ${reason}`);
  }
  return Number(text);
}

/** A field as a truth value; absent is false. */
export function flagField(fields: Fields, name: string): boolean {
  return fields[name] === true || textField(fields, name) === 'true' || textField(fields, name) === '1';
}

/** A field as an object; absent or anything else is empty. */
export function mapField(fields: Fields, name: string): Record<string, unknown> {
  const value = fields[name];
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
