// In which bytes a secret value may show in what a program writes.

import { isJsonObject, JsonNumber, JsonSyntaxError, type JsonValue, parseJson } from '../json.ts';
import { ESCAPES } from './mask-escapes.ts';

/** One sequence of bytes in which a value may show. */
export interface MaskForm {
  readonly bytes: Buffer;
  /** Whether line breaks within it do not count: base64 and hex are wrapped. */
  readonly wraps: boolean;
}

/** How many bytes a form has at least: anything shorter stands in any log. */
export const SHORTEST = 4;
// Of numbers in JSON: a port or a year is no secret.
const SHORTEST_NUMBER = 6;

/**
 * All forms of all values: as they are, without the white space around them, their lines, what is in them if they are
 * JSON, and each of these but the lines as tools encode, escape or quote it. Values of fewer than four bytes, or of
 * nothing but white space, give none.
 */
export function maskForms(values: readonly string[]): MaskForm[] {
  const forms = new Forms();
  for (const value of new Set(values.flatMap(withLeaves))) addForms(value, forms);
  return forms.all();
}

class Forms {
  readonly #wraps = new Map<string, boolean>();

  add(text: string, wraps = false): void {
    // no text has fewer bytes than UTF-16 units
    if (text.length < SHORTEST && Buffer.byteLength(text) < SHORTEST) return;
    if (wraps || !this.#wraps.has(text)) this.#wraps.set(text, wraps);
  }

  all(): MaskForm[] {
    return [...this.#wraps].map(([text, wraps]) => ({ bytes: Buffer.from(text), wraps }));
  }
}

function addForms(given: string, forms: Forms): void {
  const value = given.toWellFormed();
  const trimmed = value.trim();
  // Whole values alone count: the hex of two bytes would be long enough, and everywhere.
  if (Buffer.byteLength(value) < SHORTEST || trimmed === '') return;
  addLines(value, forms);
  for (const text of new Set([value, trimmed])) {
    if (Buffer.byteLength(text) < SHORTEST) continue;
    forms.add(text);
    addBinary(Buffer.from(text), forms);
    for (const written of ESCAPES) forms.add(written(text));
  }
}

function addLines(value: string, forms: Forms): void {
  if (!value.includes('\n') && !value.includes('\r')) return;
  for (const line of value.replaceAll('\r', '\n').split('\n')) {
    const trimmed = line.trim();
    if (!isBoundary(trimmed)) forms.add(trimmed);
  }
}

/** RFC 7468, section 2: the lines around a key or certificate say what it is, and every other one has them. */
function isBoundary(line: string): boolean {
  return (line.startsWith('-----BEGIN ') || line.startsWith('-----END ')) && line.endsWith('-----');
}

function addBinary(bytes: Buffer, forms: Forms): void {
  // Others may stand before and behind the value. A character is known if all of its 6 bits are of the value.
  for (const before of [0, 1, 2]) {
    const base64 = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const known = base64.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    forms.add(known, true);
    forms.add(known.replaceAll('+', '-').replaceAll('/', '_'), true);
  }
  const hex = bytes.toString('hex');
  for (const written of [hex, hex.toUpperCase()]) {
    forms.add(written, true);
    // Node's <Buffer …>, od and xxd -c; openssl and ssh-keygen
    for (const separator of [' ', ':']) forms.add(written.replaceAll(/..(?=.)/g, `$&${separator}`));
  }
}

/**
 * A value, and what is in it: the strings and longer numbers of a JSON object or array, and what is in those; the password
 * of an address, as it stands there and as a program takes it out.
 */
function withLeaves(value: string): string[] {
  const start = value.trimStart().charAt(0);
  if (start !== '{' && start !== '[') return [value, ...passwordIn(value)];
  try {
    return [value, ...leavesOf(parseJson(value.trim())).flatMap(withLeaves)];
  } catch (error) {
    if (error instanceof JsonSyntaxError) return [value];
    throw error;
  }
}

function leavesOf(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof JsonNumber) return value.text.length < SHORTEST_NUMBER ? [] : [value.text];
  if (value === null || typeof value === 'boolean') return [];
  const members: readonly JsonValue[] = isJsonObject(value) ? [...value.values()] : value;
  return members.flatMap(leavesOf);
}

function passwordIn(value: string): string[] {
  // As written: new URL() would encode some of its characters anew. Up to the last @ before the path.
  const written = /^\s*[a-z][a-z0-9+.-]*:\/\/[^/?#:@\s]*:([^/?#\s]+)@/i.exec(value)?.[1];
  if (written === undefined) return [];
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    // A % that encodes nothing.
    return [written];
  }
}
