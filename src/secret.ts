// A value that must not be printed by accident: every way of turning an object into text gives `[secret]`.

const REDACTED = '[secret]';

/** Holds a secret or a token. Only `reveal()` gives it back, so every place that uses one can be found by that word. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. It is written out as UTF-8. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}
