// Texts that are nearly right: what a grammar takes, with slips, with parts of another, and with what parsers trip over.

import fc from 'fast-check';

/** What parsers trip over. */
const SPECIALS = [
  ...[
    '\0',
    '\ufeff',
    '\ud800',
    '\udc00',
    '\u2028',
    '\u202e',
    '\u200f',
    '\u061c',
    '\u0085',
    '\x1b[31m',
    '\x01',
    '\x1f',
    '\x7f',
  ],
  ...[
    '\n',
    '\r',
    '\r\n',
    '\t',
    ' ',
    '\u00a0',
    'é',
    'e\u0301',
    'ß',
    'İ',
    '😀',
    '%',
    '%2F',
    '%2e%2e',
    '%00',
    '%zz',
  ],
  ...[
    '/',
    '//',
    '.',
    '..',
    '../',
    '\\',
    '~',
    '~0',
    '~2',
    '#',
    '#/',
    '@',
    '?',
    '?version=',
    '=',
    '|',
    ':',
    '://',
    ',',
  ],
  ...[
    '{{',
    '}}',
    '{{ civault ',
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    '<',
    '>',
    '*',
    '"',
    "'",
    '`',
    '$',
    '$X',
    '${',
    '$(',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'null',
    'NaN',
    '-1',
    '0',
    '1e999',
    '99999999999999999999',
    '::add-mask::',
  ],
] as const;

interface Edit {
  readonly kind: 'insert' | 'delete' | 'repeat' | 'swap';
  /** Where, as a share of the text. */
  readonly at: number;
  readonly size: number;
  readonly text: string;
}

const share = fc.nat({ max: 999 }).map((thousandths) => thousandths / 1000);
const special = fc.constantFrom<string>(...SPECIALS);
const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'delete', 'repeat', 'swap'),
  at: share,
  size: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 6 }) }, fc.integer({ min: 7, max: 300 })),
  text: special,
});

function edited(text: string, { kind, at, size, text: put }: Edit): string {
  const from = Math.floor(at * (text.length + 1));
  const [before, within, after] = [
    text.slice(0, from),
    text.slice(from, from + size),
    text.slice(from + size),
  ];
  if (kind === 'insert') return before + put + within + after;
  if (kind === 'delete') return before + after;
  if (kind === 'repeat') return before + within.repeat(3) + after;
  return before + [...within].reverse().join('') + after;
}

/** Text of any UTF-16 units. */
export const anyUnits = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  maxLength: 60,
});

/**
 * Texts around those that are right: themselves, with some slips, two of them joined in their middles, pieces in any
 * order, any text, and once in a while something that is repeated up to 100 kB, with a beginning and an end of theirs.
 * @param words what the grammar is made of besides
 */
export function around(
  right: fc.Arbitrary<string> | readonly string[],
  words: readonly string[] = [],
): fc.Arbitrary<string> {
  const valid = Array.isArray(right)
    ? fc.constantFrom(...(right as readonly string[]))
    : (right as fc.Arbitrary<string>);
  const piece =
    words.length === 0 ? special : fc.oneof(special, fc.constantFrom(...words), fc.constantFrom(...words));
  const part = fc
    .tuple(valid, share, share)
    .map(([text, one, other]) =>
      text.slice(
        Math.floor(Math.min(one, other) * text.length),
        Math.ceil(Math.max(one, other) * text.length),
      ),
    );
  const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
  const slips = fc.tuple(valid, edits).map(([text, all]) => all.reduce(edited, text));
  const joined = fc
    .tuple(valid, valid, share, share)
    .map(
      ([one, other, end, start]) =>
        one.slice(0, Math.ceil(end * one.length)) + other.slice(Math.floor(start * other.length)),
    );
  const long = fc
    .tuple(
      part,
      fc.array(fc.oneof(piece, part), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 100, max: 100_000 }),
      part,
    )
    .map(([start, repeated, length, end]) => {
      const unit = repeated.join('') || 'a';
      return start + unit.repeat(Math.ceil(length / unit.length)) + end;
    });
  return fc.oneof(
    { weight: 10, arbitrary: valid },
    { weight: 45, arbitrary: slips },
    { weight: 15, arbitrary: joined },
    { weight: 20, arbitrary: fc.array(fc.oneof(piece, part), { maxLength: 10 }).map((all) => all.join('')) },
    { weight: 9, arbitrary: fc.oneof(anyUnits, fc.string({ unit: 'binary', maxLength: 60 })) },
    { weight: 1, arbitrary: long },
  );
}

/** Bytes as Latin-1 around texts that are right. */
export function bytesAround(right: readonly string[], words: readonly string[] = []): fc.Arbitrary<string> {
  return fc
    .tuple(around(right, words), fc.boolean())
    .map(([text, asUtf8]) => Buffer.from(text, asUtf8 ? 'utf8' : 'latin1').toString('latin1'));
}
