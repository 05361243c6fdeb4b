// Templates: files of any format, whose placeholders are all found, checked and filled in. A template is bytes, and what
// is no placeholder passes as it is, whatever its encoding.

import { AppError, printable } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { selectField } from '../vault/fields.ts';
import { formatReference, type Reference, secretPath } from '../vault/reference.ts';
import type { Escape } from './escape.ts';
import { findPlaceholders, readPlaceholder } from './placeholder.ts';

/** A template whose placeholders are all right. */
export interface Template {
  /** What messages call it. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** In their order; each stands from one byte to before another. */
  readonly placeholders: readonly { start: number; end: number; blank: Blank }[];
  /** What is to be read for them, each REF once. */
  readonly references: readonly Reference[];
  /** Where something is left as it is that was perhaps meant for a placeholder. */
  readonly lookalikes: readonly number[];
}

/** What placeholders that are written alike stand for. */
interface Blank {
  /** Its place in `references`. */
  readonly index: number;
  readonly reference: Reference;
  readonly escapeAs: Escape | undefined;
  /** Where the first of them begins. */
  readonly start: number;
}

// A secret may be 8 MiB large, and a template may ask for it a million times.
const LARGEST = 256 * 1024 * 1024;

/**
 * Finds and checks the placeholders of a template.
 * @param name what messages call it
 * @throws {AppError} USAGE, with file, line and column of the first that is wrong, and the number of the others
 */
export function parseTemplate(bytes: Uint8Array, name: string): Template {
  const placeholders: Template['placeholders'][number][] = [];
  const lookalikes: number[] = [];
  const references: Reference[] = [];
  const indexes = new Map<string, number>();
  // What is written alike is read once, mistakes too: there may be millions.
  const known = new Map<string, Blank | AppError>();
  const wrong: { first?: { start: number; error: AppError }; count: number } = { count: 0 };

  const readBlank = (inside: string, start: number): Blank => {
    const { reference, escapeAs } = readPlaceholder(inside);
    const key = formatReference(reference);
    const index = indexes.get(key) ?? references.push(reference) - 1;
    indexes.set(key, index);
    return { index, reference, escapeAs, start };
  };
  for (const { kind, start, end, inside } of findPlaceholders(asBuffer(bytes).toString('latin1'))) {
    if (kind === 'lookalike') {
      lookalikes.push(start);
      continue;
    }
    const isOpen = kind === 'open';
    // No inside holds braces.
    const written = isOpen ? '{{' : inside;
    const blank = known.get(written) ?? (isOpen ? notClosed() : orError(() => readBlank(inside, start)));
    known.set(written, blank);
    if (blank instanceof AppError) {
      wrong.first ??= { start, error: blank };
      wrong.count += 1;
    } else {
      placeholders.push({ start, end, blank });
    }
  }
  const template = { name, bytes, placeholders, references, lookalikes };
  if (wrong.first === undefined) return template;
  const others = wrong.count - 1;
  const more = others === 0 ? '' : ` (and ${others} more ${others === 1 ? 'is' : 'are'} wrong)`;
  throw placed(template, wrong.first.start, wrong.first.error, more);
}

/**
 * Fills a template. What is filled in is not searched for placeholders.
 * @param secrets the fields of the secrets that `references` name, in the same order
 * @throws {AppError} with the place: FIELD_NOT_FOUND; CONFIG when a format cannot hold a value. OUTPUT when it gets too large
 */
export function fill(template: Template, secrets: readonly JsonObject[]): Uint8Array {
  const { name, bytes, placeholders } = template;
  const values = new Map<Blank, Uint8Array>();
  let length = bytes.length;
  for (const { start, end, blank } of placeholders) {
    const value = values.get(blank) ?? valueFor(blank, secrets, template);
    values.set(blank, value);
    length += value.length - (end - start);
    if (length <= LARGEST) continue;
    throw new AppError('OUTPUT', `${printable(name)} would be larger than 256 MiB when it is filled in`);
  }
  const result = Buffer.alloc(length);
  let from = 0;
  let to = 0;
  const append = (piece: Uint8Array) => {
    result.set(piece, to);
    to += piece.length;
  };
  for (const { start, end, blank } of placeholders) {
    append(bytes.subarray(from, start));
    append(values.get(blank) ?? Buffer.of());
    from = end;
  }
  append(bytes.subarray(from));
  return result;
}

/** Where something is, as compilers write it: `FILE:LINE:COLUMN`, from 1, the columns in characters of UTF-8. */
export function placeIn({ name, bytes }: Pick<Template, 'name' | 'bytes'>, at: number): string {
  let line = 1;
  let begin = 0;
  for (let index = 0; index < at; index += 1) {
    const isBreak = bytes[index] === 0x0a || (bytes[index] === 0x0d && bytes[index + 1] !== 0x0a);
    if (!isBreak) continue;
    line += 1;
    begin = index + 1;
  }
  let column = 1;
  // Editors count no byte order mark.
  const before = asBuffer(bytes)
    .subarray(begin, at)
    .toString()
    .replace(/^\ufeff/, '');
  for (const _ of before) column += 1;
  return `${printable(name)}:${line}:${column}`;
}

function valueFor(blank: Blank, secrets: readonly JsonObject[], template: Template): Uint8Array {
  const { index, reference, escapeAs, start } = blank;
  const fields = secrets[index];
  if (fields === undefined) throw new Error('a placeholder without its secret');
  try {
    const value = selectField(fields, reference.field, secretPath(reference)).reveal();
    return Buffer.from(escapeAs?.(value, printable(formatReference(reference))) ?? value);
  } catch (error) {
    throw error instanceof AppError ? placed(template, start, error) : error;
  }
}

function orError<T>(work: () => T): T | AppError {
  try {
    return work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function notClosed(): AppError {
  return new AppError(
    'USAGE',
    'the placeholder is not closed',
    'it ends with }} on the line that it begins on, before any other {{',
  );
}

function placed(
  template: Pick<Template, 'name' | 'bytes'>,
  at: number,
  { code, message, hint, cause }: AppError,
  more = '',
): AppError {
  return new AppError(code, `${placeIn(template, at)}: ${message}${more}`, hint, cause);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
