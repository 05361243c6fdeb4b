// Pieces gathered to blocks. For speed: a body comes in pieces of 16 kB, as TLS brings them, and each would cost a call of
// the kernel to write it and another of the digest.

const SIZE = 256 * 1024;

/** Takes pieces, and gives them on in larger ones. */
export interface Block {
  readonly add: (piece: Uint8Array) => void;
  /** Gives on what is held, and lets go of the memory. What fails is not held any more. */
  readonly flush: () => void;
  /** Forgets what is held. */
  readonly clear: () => void;
  /** How many bytes are held. */
  readonly held: () => number;
}

/** A block that gives on to `take`, which may throw. */
export function gather(take: (bytes: Uint8Array) => void): Block {
  let bytes: Buffer | undefined;
  let held = 0;
  const giveOn = () => {
    const count = held;
    held = 0;
    if (bytes !== undefined && count > 0) take(bytes.subarray(0, count));
  };
  const clear = () => {
    held = 0;
    bytes = undefined;
  };
  return {
    add: (piece) => {
      if (held + piece.length > SIZE) giveOn();
      if (piece.length > SIZE) return take(piece);
      bytes ??= Buffer.allocUnsafeSlow(SIZE);
      bytes.set(piece, held);
      held += piece.length;
    },
    flush: () => {
      try {
        giveOn();
      } finally {
        clear();
      }
    },
    clear,
    held: () => held,
  };
}
