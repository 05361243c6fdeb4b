// Replaces secret values in a stream by `[MASKED]`: what may go out when, and what is held back.

import type { MaskForm } from './mask-forms.ts';
import { Search } from './mask-search.ts';
import { Spans, type Tracker } from './mask-tracker.ts';

/** What is written in place of a value. */
export const MASK = Buffer.from('[MASKED]');

// When a program pauses within a value, fewer bytes than these may be shown of it; of a shorter value, less than half and
// fewer than the other. A C program does so all the time: what it writes comes 4096 bytes at once, wherever that ends.
const TOO_MANY = 8;
const TOO_MANY_OF_FEW = 4;

/** Masks one stream. All that it gives is to be written in that order; it may be parts of the chunks that were pushed. */
export interface Masker {
  /** Takes what comes next and gives what may be written now. The chunk must not be changed afterwards. */
  push(chunk: Buffer): Buffer[];
  /**
   * To be called when nothing came for a moment, lest a prompt is held back that only looks like the start of a value:
   * gives what is held if it is little of a value, otherwise the mask. Whatever comes of it then, nothing gets lost, and
   * of a value that is completed later, nothing more is shown.
   */
  release(): Buffer[];
  /** Gives all that is left. The masker can then take another stream. */
  end(): Buffer[];
  /** Whether `release()` could give anything. */
  readonly isHolding: boolean;
  /** How many bytes are held back. */
  readonly held: number;
}

/**
 * A masker for one stream. All occurrences of all forms are masked; those that overlap by one mask, those that touch by
 * one each. The result does not depend on how the stream is cut into chunks.
 * @throws {RangeError} for a form of fewer than four bytes
 */
export function createMasker(forms: readonly MaskForm[]): Masker {
  return forms.length === 0
    ? { push: (chunk) => [chunk], release: none, end: none, isHolding: false, held: 0 }
    : new StreamMasker(forms);
}

function none(): Buffer[] {
  return [];
}

class StreamMasker implements Masker {
  isHolding = false;

  readonly #search: Search;
  readonly #found = new Spans();
  readonly #held = new HeldBytes();
  /** Positions in the stream: all before the first was given out or masked, all before the second was seen. */
  #given = 0;
  #seen = 0;
  /** Where the last masked bytes end. */
  #maskedTo = 0;
  /** Whether release() has written a mask for what begins at `#given`, which is still held. */
  #isVeiled = false;

  constructor(forms: readonly MaskForm[]) {
    this.#search = new Search(forms);
  }

  push(chunk: Buffer): Buffer[] {
    if (chunk.length === 0) return [];
    const base = this.#seen;
    this.#seen += chunk.length;
    this.#search.push(chunk, base, this.#found);
    const undecided = this.#search.open.reduce((least, { start }) => Math.min(least, start), this.#seen);
    const out = this.#giveUntil(undecided, chunk);
    if (this.#given < base) this.#held.drop(this.#given);
    else this.#held.clear(this.#given);
    if (this.#given < this.#seen) this.#held.append(chunk, Math.max(0, this.#given - base));
    this.isHolding = this.#given < this.#seen && !this.#isVeiled;
    return out;
  }

  release(): Buffer[] {
    if (!this.isHolding) return [];
    this.isHolding = false;
    if (this.#search.open.some((tracker) => this.#showsTooMuch(tracker))) {
      this.#isVeiled = true;
      return [MASK];
    }
    return this.#giveHeld();
  }

  get held(): number {
    return this.#seen - this.#given;
  }

  end(): Buffer[] {
    this.isHolding = false;
    this.#search.close();
    return this.#giveHeld();
  }

  #showsTooMuch({ start, bytes }: Tracker): boolean {
    const shown = this.#seen - Math.max(start, this.#maskedTo);
    return shown >= TOO_MANY || (shown >= TOO_MANY_OF_FEW && shown * 2 >= bytes.length);
  }

  #giveHeld(): Buffer[] {
    const out = this.#giveUntil(this.#seen, NOTHING);
    this.#held.clear(this.#seen);
    return out;
  }

  /** Gives out all before a position before which everything is decided. */
  #giveUntil(limit: number, chunk: Buffer): Buffer[] {
    const out: Buffer[] = [];
    // What overlaps bytes that are gone is decided as well: nothing before it is left.
    for (const { start, end } of this.#found.takeBefore(Math.max(limit, this.#given))) {
      if (end <= this.#given) continue;
      this.#givePlain(start, chunk, out);
      // It may overlap what was masked before the end of it was known.
      const goesOn = start < this.#maskedTo && this.#given === this.#maskedTo;
      if (!goesOn && !this.#isVeiled) out.push(MASK);
      this.#isVeiled = false;
      this.#given = end;
      this.#maskedTo = end;
    }
    this.#givePlain(limit, chunk, out);
    return out;
  }

  #givePlain(end: number, chunk: Buffer, out: Buffer[]): void {
    if (end <= this.#given) return;
    this.#isVeiled = false;
    const base = this.#seen - chunk.length;
    if (this.#given < base) out.push(this.#held.between(this.#given, Math.min(end, base)));
    if (end > base) out.push(chunk.subarray(Math.max(0, this.#given - base), end - base));
    this.#given = end;
  }
}

const NOTHING = Buffer.alloc(0);

/**
 * The bytes of the stream that are held back. What was written here is never overwritten, so parts of it can be given
 * out; what is appended costs the time for itself alone on the average, however much is held.
 */
class HeldBytes {
  #bytes = NOTHING;
  #from = 0;
  #to = 0;
  /** Position in the stream of the byte at `#from`. */
  #position = 0;

  between(start: number, end: number): Buffer {
    const shift = this.#from - this.#position;
    return this.#bytes.subarray(start + shift, end + shift);
  }

  /** Drops all before a position. */
  drop(position: number): void {
    this.#from += position - this.#position;
    this.#position = position;
  }

  /** Drops all; what is appended next has that position. */
  clear(position: number): void {
    this.#bytes = NOTHING;
    this.#from = 0;
    this.#to = 0;
    this.#position = position;
  }

  /** Appends the chunk from an index on. */
  append(chunk: Buffer, from: number): void {
    const more = chunk.length - from;
    if (this.#to + more > this.#bytes.length) {
      const held = this.#to - this.#from;
      const bytes = Buffer.allocUnsafeSlow(Math.max(64, 2 * (held + more)));
      this.#bytes.copy(bytes, 0, this.#from, this.#to);
      this.#bytes = bytes;
      this.#from = 0;
      this.#to = held;
    }
    chunk.copy(this.#bytes, this.#to, from);
    this.#to += more;
  }
}
