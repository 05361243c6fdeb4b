// All forms at once, through a stream: finds where to look, and has each form that may begin there followed.
//
// Three bytes in every few are looked up in a table of all that stand anywhere in the first bytes of any form; where they
// are in none, no form begins near. The places are fixed, not found one by the other (as those of Wu and Manber are), so
// that the processor need not wait for one to get the next.

import { type MaskForm, SHORTEST } from './mask-forms.ts';
import { type Spans, Tracker } from './mask-tracker.ts';

// Bytes that are looked up at once.
const BLOCK = 3;
// How much of each form's start the table knows. The offsets of a block within it must fit into the table's 16 bits.
const LONGEST_HEAD = 16;

const NO_FORM = { bytes: Buffer.alloc(0), wraps: false };
const LF = 0x0a;
const CR = 0x0d;

/** Searches a stream for forms. */
export class Search {
  /** The forms of which it is not decided whether they begin before the end of the data. */
  open: Tracker[] = [];

  readonly #trackers: readonly Tracker[];
  /** All forms have this much. */
  readonly #head: number;
  readonly #shift: number;
  /** For a block's hash: a bit for each offset at which it may stand in a form's head. */
  readonly #offsets: Uint16Array;
  /** For the hash of a form's first block: one more than the index in `#lists`. */
  readonly #listOf: Int32Array;
  readonly #lists: Tracker[][] = [];
  readonly #byFirst: Tracker[][] = Array.from({ length: 256 }, () => []);

  /** @throws {RangeError} for a form of fewer than four bytes */
  constructor(forms: readonly MaskForm[]) {
    this.#trackers = forms.map((form) => new Tracker(form));
    this.#head = forms.reduce((least, { bytes }) => Math.min(least, bytes.length), LONGEST_HEAD);
    if (this.#head < SHORTEST) throw new RangeError(`a form has fewer than ${SHORTEST} bytes`);
    // Sparse enough that most of what is no form is in none of its places.
    const bits = Math.min(20, Math.max(16, 10 + Math.ceil(Math.log2(forms.length + 1))));
    this.#shift = 32 - bits;
    this.#offsets = new Uint16Array(1 << bits);
    this.#listOf = new Int32Array(1 << bits);
    // Many forms of a value begin alike.
    const alike = new Map<string, Tracker[]>();
    for (const tracker of this.#trackers) {
      const key = `${tracker.bytes.toString('latin1', 0, this.#head)}${tracker.wraps}`;
      const group = alike.get(key);
      if (group === undefined) alike.set(key, [tracker]);
      else group.push(tracker);
      this.#byFirst[tracker.bytes[0] ?? 0]?.push(tracker);
    }
    for (const group of alike.values()) this.#enter(group);
  }

  /** Finds what is whole in a chunk, or with it. Afterwards `open` says what may yet become so. */
  push(chunk: Buffer, base: number, found: Spans): void {
    for (const tracker of this.open) tracker.resume(chunk, base, this.#head, found);
    this.#scan(chunk, base, found);
    // A form that begins where less than a head is left cannot be seen by the table.
    for (let at = Math.max(0, chunk.length - this.#head + 1); at < chunk.length; at += 1) {
      const trackers =
        at + BLOCK <= chunk.length ? this.#startingAt(chunk, at) : this.#byFirst[chunk[at] ?? 0];
      for (const tracker of trackers ?? []) tracker.begin(chunk, at, base, this.#head, found);
    }
    this.open = this.#trackers.filter(({ isOpen }) => isOpen);
  }

  /** Says that there is no more data. */
  close(): void {
    for (const tracker of this.open) tracker.close();
    this.open = [];
  }

  #scan(chunk: Buffer, base: number, found: Spans): void {
    const offsets = this.#offsets;
    const shift = this.#shift;
    const step = this.#head - BLOCK + 1;
    const last = chunk.length - BLOCK;
    for (let at = step - 1; at <= last; at += step) {
      let bits = offsets[hash(chunk[at] ?? 0, chunk[at + 1] ?? 0, chunk[at + 2] ?? 0, shift)] ?? 0;
      while (bits !== 0) {
        // the largest offset first: starts are tried from left to right
        const offset = 31 - Math.clz32(bits);
        bits ^= 1 << offset;
        const trackers = this.#startingAt(chunk, at - offset);
        if (trackers === undefined) continue;
        for (const tracker of trackers) tracker.begin(chunk, at - offset, base, this.#head, found);
      }
    }
  }

  #startingAt(chunk: Buffer, at: number): readonly Tracker[] | undefined {
    const list = this.#listOf[hash(chunk[at] ?? 0, chunk[at + 1] ?? 0, chunk[at + 2] ?? 0, this.#shift)] ?? 0;
    return list === 0 ? undefined : this.#lists[list - 1];
  }

  #enter(group: readonly Tracker[]): void {
    const [{ bytes, wraps } = NO_FORM] = group;
    const steps = this.#head - BLOCK + 1;
    for (let index = 0; index < steps; index += 1) {
      const [a = 0, b = 0, c = 0] = [bytes[index], bytes[index + 1], bytes[index + 2]];
      if (!wraps) {
        this.#enterBlock(a, b, c, index, index, group);
        continue;
      }
      // Before the byte at `index` there are from no to `index` breaks, of one or two bytes each.
      const most = 3 * index;
      for (const next of [c, LF, CR]) {
        this.#enterBlock(a, b, next, index, most, group);
        this.#enterBlock(LF, b, next, index + 1, most + 2, group);
      }
      this.#enterBlock(a, LF, b, index, most, group);
      this.#enterBlock(a, CR, LF, index, most, group);
      this.#enterBlock(CR, LF, b, index + 1, most + 1, group);
    }
  }

  /** Enters a block that may stand at all offsets from one to another. */
  #enterBlock(a: number, b: number, c: number, from: number, to: number, group: readonly Tracker[]): void {
    const place = hash(a, b, c, this.#shift);
    const end = Math.min(to, this.#head - BLOCK) + 1;
    if (end > from) this.#offsets[place] = (this.#offsets[place] ?? 0) | ((1 << end) - (1 << from));
    if (from > 0) return;
    const list = this.#lists[(this.#listOf[place] ?? 0) - 1];
    if (list === undefined) this.#listOf[place] = this.#lists.push([...group]);
    else if (list.at(-1) !== group.at(-1)) list.push(...group);
  }
}

// Fibonacci hashing (Knuth, TAOCP 6.4): the top bits of a product depend on all of its factor's.
function hash(a: number, b: number, c: number, shift: number): number {
  return Math.imul(a | (b << 8) | (c << 16), 0x9e3779b1) >>> shift;
}
