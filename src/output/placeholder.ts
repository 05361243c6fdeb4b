// Placeholders, found in a text and read:
//
//   {{ civault REF }}            the value, byte for byte
//   {{ civault REF | ESCAPE }}   the value in the way of a format
//
// What else stands in braces, in whatever language of templates, is none.

import { isUtf8 } from 'node:buffer';
import { AppError, quoted } from '../errors.ts';
import { parseReference, type Reference } from '../vault/reference.ts';
import { ESCAPES, type Escape } from './escape.ts';

/** Something that was found, and where it begins and ends. */
export interface Found {
  /** `open` begins a placeholder that does not end; `lookalike` is none, and was perhaps meant for one. */
  readonly kind: 'placeholder' | 'open' | 'lookalike';
  readonly start: number;
  readonly end: number;
  /** What stands between the name and the end. */
  readonly inside: string;
}

/** What a placeholder asks for. */
export interface Request {
  readonly reference: Reference;
  /** Undefined for the value as it is. */
  readonly escapeAs: Escape | undefined;
}

const NAME = 'civault';
const BLANKS = ' \t';
// Line breaks, and the marks by which Helm and Handlebars trim space.
const NEAR_BLANKS = ' \t\r\n\v\f-~';
// No REF comes near it, and regular expressions are not made for a text without an end.
const LONGEST = 8192;

/**
 * Finds what is, or seems, meant for civault.
 * @param text bytes as Latin-1: what matters here is ASCII, and places are those of bytes
 */
export function* findPlaceholders(text: string): Generator<Found> {
  // By hand, each character once: the binary's regular expressions are interpreted, and would try a long run of braces
  // or spaces again and again.
  for (let start = text.indexOf('{{'); start >= 0; ) {
    const braces = past(text, start, '{');
    const name = past(text, braces, BLANKS);
    const near = past(text, name, NEAR_BLANKS);
    let end = near;
    if (braces - start === 2 && text.startsWith(NAME, name) && isNameOver(text, name + NAME.length)) {
      const found = placeholderAt(text, start, name + NAME.length);
      yield found;
      end = found.end;
    } else if (text.slice(near, near + NAME.length).toLowerCase() === NAME) {
      end = near + NAME.length;
      if (!/[\w.-]/.test(text.charAt(end))) yield { kind: 'lookalike', start, end, inside: '' };
    }
    start = text.indexOf('{{', end);
  }
}

/**
 * Reads what stands in a placeholder behind the name.
 * @throws {AppError} USAGE
 */
export function readPlaceholder(inside: string): Request {
  const bytes = Buffer.from(inside, 'latin1');
  if (bytes.length > LONGEST) throw wrong(`the placeholder is longer than ${LONGEST} bytes`);
  if (!isUtf8(bytes)) throw wrong('the placeholder is not UTF-8');
  const text = bytes.toString().trim();
  if (/\s[-~]$/.test(text)) throw wrong(`the placeholder ends with ${text.at(-1)}}}: it can trim nothing`);
  const [ref = '', name, ...more] = text.split('|').map((part) => part.trim());
  if (ref === '') throw wrong('the placeholder holds no REF');
  if (more.length > 0) throw wrong('the placeholder has more than one |');
  if (/^(["'`]).*\1$/s.test(ref)) throw wrong('the REF stands in quotation marks');
  const escapeAs = name === undefined ? undefined : ESCAPES.get(name);
  if (name !== undefined && escapeAs === undefined) {
    const what = name === '' ? 'there is no escape behind the |' : `unknown escape ${quoted(name)}`;
    const names = [...ESCAPES.keys()].join(', ');
    throw new AppError('USAGE', `${what}: there are ${names}`, 'see: civault inject --help');
  }
  return { reference: parseReference(ref), escapeAs };
}

function placeholderAt(text: string, start: number, from: number): Found {
  const stop = /\}\}|\{\{|[\r\n]/g;
  stop.lastIndex = from;
  const { 0: what, index: end } = stop.exec(text) ?? { 0: '', index: text.length };
  if (what === '}}') return { kind: 'placeholder', start, end: end + 2, inside: text.slice(from, end) };
  return { kind: 'open', start, end, inside: text.slice(from, end) };
}

function past(text: string, from: number, characters: string): number {
  let at = from;
  while (at < text.length && characters.includes(text.charAt(at))) at += 1;
  return at;
}

function isNameOver(text: string, at: number): boolean {
  return ' \t\r\n\v\f|'.includes(text.charAt(at)) || text.startsWith('}}', at);
}

function wrong(what: string): AppError {
  return new AppError(
    'USAGE',
    what,
    'write {{ civault REF }} or {{ civault REF | ESCAPE }}, such as {{ civault secret/data/nexus/ci#password | json }}',
  );
}
