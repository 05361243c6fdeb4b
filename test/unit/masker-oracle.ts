// What masking is held to: the same by trying every form at every place, again for each push. Slow and plain.

import fc from 'fast-check';
import type { MaskForm } from '../../src/output/mask-forms.ts';

export const form = (text: string, wraps = false): MaskForm => ({
  bytes: Buffer.from(text, 'latin1'),
  wraps,
});

// Only in one that has no break of its own can others be told.
const isWrapped = ({ bytes, wraps }: MaskForm) => wraps && !/[\r\n]/.test(bytes.toString('latin1'));

/** Where a form that begins at a place ends: undefined if it does not, infinite if the data ends before that is known. */
function endOf(each: MaskForm, data: Buffer, start: number): number | undefined {
  const wraps = isWrapped(each);
  let at = start;
  for (const [index, byte] of each.bytes.entries()) {
    if (wraps && index > 0) {
      if (data[at] === 0x0a) at += 1;
      else if (data[at] === 0x0d && at + 1 === data.length) return Number.POSITIVE_INFINITY;
      else if (data[at] === 0x0d && data[at + 1] === 0x0a) at += 2;
    }
    if (at === data.length) return Number.POSITIVE_INFINITY;
    if (data[at] !== byte) return undefined;
    at += 1;
  }
  return at;
}

/** All that is whole, as unions of what overlaps, and the first place that the data leaves open. */
export function look(forms: readonly MaskForm[], data: Buffer) {
  const whole: { start: number; end: number }[] = [];
  let open = data.length;
  for (let start = 0; start < data.length; start += 1) {
    for (const each of forms) {
      const end = endOf(each, data, start);
      if (end === undefined) continue;
      const last = whole.at(-1);
      if (end > data.length) open = Math.min(open, start);
      else if (last !== undefined && start < last.end) last.end = Math.max(last.end, end);
      else whole.push({ start, end });
    }
  }
  return { whole, open };
}

/** What a stream becomes when nobody pauses. */
export function masked(forms: readonly MaskForm[], data: Buffer): string {
  let out = '';
  let from = 0;
  for (const { start, end } of look(forms, data).whole) {
    out += `${data.toString('latin1', from, start)}[MASKED]`;
    from = end;
  }
  return out + data.toString('latin1', from);
}

/** What each step gives: by the rules that masker.ts states, and by looking at all that ever came. */
export class Oracle {
  isHolding = false;
  readonly #forms: readonly MaskForm[];
  #data = Buffer.alloc(0);
  #given = 0;
  #maskedTo = 0;
  #veiled = false;

  constructor(forms: readonly MaskForm[]) {
    this.#forms = forms;
  }

  push(chunk: Buffer): string {
    this.#data = Buffer.concat([this.#data, chunk]);
    const out = this.#give(look(this.#forms, this.#data).open);
    this.isHolding = this.#given < this.#data.length && !this.#veiled;
    return out;
  }

  release(): string {
    if (!this.isHolding) return '';
    this.isHolding = false;
    for (const each of this.#forms) {
      for (let start = 0; start < this.#data.length; start += 1) {
        if (endOf(each, this.#data, start) !== Number.POSITIVE_INFINITY) continue;
        const shown = this.#data.length - Math.max(start, this.#maskedTo);
        if (shown < 4 || (shown < 8 && shown < each.bytes.length / 2)) continue;
        this.#veiled = true;
        return '[MASKED]';
      }
    }
    return this.#give(this.#data.length);
  }

  end(): string {
    return this.#give(this.#data.length);
  }

  #give(limit: number): string {
    let out = '';
    const plain = (to: number) => {
      if (to <= this.#given) return;
      out += this.#data.toString('latin1', this.#given, to);
      this.#veiled = false;
      this.#given = to;
    };
    for (const { start, end } of look(this.#forms, this.#data).whole) {
      if (start >= Math.max(limit, this.#given) || end <= this.#given) continue;
      plain(start);
      const sameMask = start < this.#maskedTo && this.#given === this.#maskedTo;
      if (!sameMask && !this.#veiled) out += '[MASKED]';
      this.#veiled = false;
      this.#given = end;
      this.#maskedTo = end;
    }
    plain(limit);
    return out;
  }
}

const text = (letters: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...letters), minLength, maxLength });

/** A text that repeats itself, with something else behind it now and then. */
const periodic = fc
  .tuple(text('ab', 1, 4), fc.integer({ min: 2, max: 8 }), text('ab', 0, 2))
  .map(([part, times, rest]) => `${part.repeat(times)}${rest}`.padEnd(4, 'a'));

const someForm = fc.oneof(
  text('ab', 4, 8).map((bytes) => form(bytes)),
  text('ab', 4, 12).map((bytes) => form(bytes, true)),
  text('ab\n\r', 4, 8).map((bytes) => form(bytes)),
  text('abcdefgh', 4, 40).map((bytes) => form(bytes)),
  text('abcdefgh', 8, 40).map((bytes) => form(bytes, true)),
  fc.tuple(periodic, fc.boolean()).map(([bytes, wraps]) => form(bytes, wraps)),
);
/** Of one length and more, so that each length of what all forms have in common comes up. */
const someForms = fc
  .tuple(fc.array(someForm, { minLength: 1, maxLength: 6 }), fc.integer({ min: 4, max: 20 }))
  .map(([forms, least]) => {
    const long = forms.filter(({ bytes }) => bytes.length >= least);
    return long.length > 0 ? long : forms;
  });

/** Forms, and a stream that is full of them and of parts of them, cut into chunks. */
export const someCase = someForms.chain((forms) => {
  const breaks = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom('\n', '\r\n', '\n\n', '\r')),
    { maxLength: 4 },
  );
  const part = fc
    .tuple(fc.constantFrom(...forms), fc.double({ min: 0, max: 1, noNaN: true }), breaks, fc.boolean())
    .map(([{ bytes, wraps }, share, at, isWhole]) => {
      const letters = [...bytes.toString('latin1')];
      if (wraps) for (const [index, broken] of at) letters.splice(index % (letters.length + 1), 0, broken);
      return (isWhole ? letters : letters.slice(0, Math.ceil(letters.length * share))).join('');
    });
  const stream = fc
    .array(fc.oneof(part, part, text('ab\n\r', 0, 6), text('abcdefgh\xff\0', 0, 20)), { maxLength: 7 })
    .map((parts) => Buffer.from(parts.join(''), 'latin1'));
  return fc.record({
    forms: fc.constant(forms),
    stream,
    cuts: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 }),
  });
});

/** The stream in pieces of these lengths, over and over. */
export function cut(stream: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; at += chunks.at(-1)?.length ?? 1) {
    chunks.push(stream.subarray(at, at + (lengths[chunks.length % lengths.length] ?? 1)));
  }
  return chunks;
}
