// One form, followed through a stream byte by byte: where it stands whole, and where it may have begun at the end.
//
// This is Knuth, Morris and Pratt's search, which never goes back in the text: a value like `aaaa…` costs no more than
// any other, and no byte that was read need be kept. Line breaks within a wrapped form are stepped over.

import type { MaskForm } from './mask-forms.ts';

const LF = 0x0a;
const CR = 0x0d;

/** Occurrences in a stream, as [start, end). Those that overlap count as one, those that touch do not. */
export class Spans {
  #spans: { start: number; end: number }[] = [];

  add(start: number, end: number): void {
    const last = this.#spans.at(-1);
    if (last !== undefined && start >= last.start && start < last.end) last.end = Math.max(last.end, end);
    else this.#spans.push({ start, end });
  }

  /** Takes out those that begin before a position, in their order. One that overlaps a later one may be among them. */
  takeBefore(limit: number): { start: number; end: number }[] {
    if (this.#spans.length === 0) return [];
    const all = new Spans();
    for (const { start, end } of this.#spans.sort((a, b) => a.start - b.start)) all.add(start, end);
    const rest = all.#spans.findIndex(({ start }) => start >= limit);
    this.#spans = rest < 0 ? [] : all.#spans.splice(rest);
    return all.#spans;
  }
}

/** Follows one form. Positions are those in the whole stream; a chunk is given with the position of its first byte. */
export class Tracker {
  readonly bytes: Buffer;
  /** Whether breaks within it do not count. */
  readonly wraps: boolean;
  /** Where the form may have begun, while `isOpen`. */
  start = 0;
  /** Whether the data ended before it was decided if the form begins at `start`. */
  isOpen = false;

  /** No start before this is left to be decided. */
  #from = 0;
  #matched = 0;
  /** The break behind the last byte that matched: LF when it is whole, CR when its LF is to come. */
  #gap = 0;
  /** Position and length of each break since `start`, from `#breaksFrom` on. */
  #breaks: number[] = [];
  #breaksFrom = 0;
  /** For each number of bytes matched: how many would match with the next later start. Made as far as it is needed. */
  readonly #shorter = [0, 0];

  constructor(form: MaskForm) {
    this.bytes = form.bytes;
    // A break of the form's own could not be told from one between its bytes.
    this.wraps = form.wraps && !form.bytes.includes(LF) && !form.bytes.includes(CR);
  }

  /**
   * Tries a start. Those of one form must be tried from left to right; which are decided already costs nothing.
   * @param at index in the chunk
   * @param few with fewer bytes matched than these, a later start within the chunk is left to be tried by the caller
   */
  begin(chunk: Buffer, at: number, base: number, few: number, found: Spans): void {
    if (this.isOpen || base + at < this.#from || chunk[at] !== this.bytes[0]) return;
    this.start = base + at;
    this.#matched = 0;
    this.#gap = 0;
    if (this.#breaks.length > 0) this.#breaks = [];
    this.#breaksFrom = 0;
    this.#settle(this.#follow(chunk, at, base, few, found));
  }

  /** Goes on with what was open at the end of the chunk before. Parameters are those of `begin`. */
  resume(chunk: Buffer, base: number, few: number, found: Spans): void {
    this.#settle(this.#follow(chunk, 0, base, few, found));
  }

  /** Says that there is no more data. */
  close(): void {
    this.isOpen = false;
  }

  /** @return the next start that is not decided; nothing if the data ended before `start` was */
  #follow(chunk: Buffer, from: number, base: number, few: number, found: Spans): number | undefined {
    const bytes = this.bytes;
    const length = bytes.length;
    const wraps = this.wraps;
    let matched = this.#matched;
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (wraps && (byte === LF || byte === CR)) {
        if (!this.#takeBreak(byte, base + at)) return base + at + 1;
        continue;
      }
      // a carriage return alone is no break
      if (this.#gap === CR) return base + at;
      while (byte !== bytes[matched]) {
        matched = this.#startLater(matched);
        if (matched === 0) return base + at;
        if (matched < few && this.start >= base) return this.start;
      }
      this.#gap = 0;
      matched += 1;
      if (matched === length) {
        found.add(this.start, base + at + 1);
        matched = this.#startLater(matched);
        if (matched === 0) return base + at + 1;
        if (matched < few && this.start >= base) return this.start;
      }
    }
    this.#matched = matched;
    return undefined;
  }

  #settle(next: number | undefined): void {
    this.isOpen = next === undefined;
    if (next !== undefined) this.#from = next;
  }

  /** @return false if the break cannot stand there: one follows the other, or a carriage return is alone */
  #takeBreak(byte: number, position: number): boolean {
    if (byte === CR ? this.#gap !== 0 : this.#gap === LF) return false;
    if (byte === LF) {
      if (this.#gap === CR) this.#breaks.push(position - 1, 2);
      else this.#breaks.push(position, 1);
    }
    this.#gap = byte;
    return true;
  }

  /** Moves `start` to the next place from which all bytes up to here match, and says how many these are. */
  #startLater(matched: number): number {
    const shorter = this.#shorter;
    const bytes = this.bytes;
    for (let length = shorter.length; length <= matched; length += 1) {
      const byte = bytes[length - 1];
      let common = shorter[length - 1] ?? 0;
      while (common > 0 && bytes[common] !== byte) common = shorter[common] ?? 0;
      shorter.push(bytes[common] === byte ? common + 1 : 0);
    }
    const left = shorter[matched] ?? 0;
    this.start += matched - left;
    for (;;) {
      const position = this.#breaks[this.#breaksFrom];
      if (position === undefined || position > this.start) break;
      this.start += this.#breaks[this.#breaksFrom + 1] ?? 0;
      this.#breaksFrom += 2;
    }
    if (this.#breaksFrom > 1024 && this.#breaksFrom * 2 > this.#breaks.length) {
      this.#breaks = this.#breaks.slice(this.#breaksFrom);
      this.#breaksFrom = 0;
    }
    return left;
  }
}
