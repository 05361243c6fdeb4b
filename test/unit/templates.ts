// Templates as the unit tests fill them: every secret has the same fields.

import type { JsonObject } from '../../src/json.ts';
import { fill, parseTemplate, type Template } from '../../src/output/template.ts';

const FIELDS: JsonObject = new Map([
  ['a', 'one'],
  ['b', '<2 & "3">'],
  ['with space', 'spaced'],
  ['dash -', 'dashed'],
  ['ü', 'umlaut'],
  ['loop', '{{ civault x/y#a }}'],
  ['empty', ''],
  ['half', '\ud800'],
  ['control', 'hush\u0001'],
  ['nothing', null],
]);

/** Parses one that is called `the.file`. */
export const parse = (text: string | Uint8Array): Template => parseTemplate(Buffer.from(text), 'the.file');

/** Fills a template, every secret having the same fields. */
export function filled(text: string | Uint8Array): Buffer {
  const template = parse(text);
  return Buffer.from(
    fill(
      template,
      template.references.map(() => FIELDS),
    ),
  );
}
