// How a value is written so that the format around it reads the same value back.

import { AppError } from '../errors.ts';

/**
 * Writes a value in the way of a format. Half a surrogate pair, which UTF-8 cannot hold, comes out as U+FFFD, as it does
 * wherever a value is written.
 * @param what the value's REF, for the message
 * @throws {AppError} CONFIG when the format cannot hold the value
 */
export type Escape = (value: string, what: string) => string;

/** The escapes by their names. */
export const ESCAPES: ReadonlyMap<string, Escape> = new Map([
  ['xml', xml],
  ['json', json],
  ['uri', uri],
  ['base64', base64],
]);

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/**
 * Text or an attribute's value in XML 1.0. As references: line breaks and tabs, of which an attribute makes spaces (3.3.3)
 * and a reader of lines other ones (2.11); and all beyond ASCII, so that it is the same in a document whose first line
 * says that it is no UTF-8.
 */
function xml(value: string, what: string): string {
  const text = value.toWellFormed();
  // Not even a reference may stand for these (2.2, 4.1).
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text)) {
    throw new AppError(
      'CONFIG',
      `the value of ${what} holds a character that XML cannot`,
      'write it as base64, if its reader takes that: | base64',
    );
  }
  return text.replace(
    /[&<>"'\t\n\r]|[^\u0000-\u007e]/gu,
    (character) => ENTITIES[character] ?? `&#${character.codePointAt(0)};`,
  );
}

/**
 * The inside of a JSON string (RFC 8259, 7), which is that of a double-quoted YAML scalar as well (YAML 1.2.2, 7.3.1).
 * YAML's readers refuse some characters that JSON's take, and those of YAML 1.1 take others for line breaks: as `\u0085`.
 */
function json(value: string): string {
  return JSON.stringify(value.toWellFormed())
    .slice(1, -1)
    .replace(
      /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

/** A part of a URI (RFC 3986, 2.3): all but letters, digits and `-._~` as `%XX`, byte by byte of its UTF-8. */
function uri(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** RFC 4648, section 4: padded, on one line. */
function base64(value: string): string {
  return Buffer.from(value).toString('base64');
}
