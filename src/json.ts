// JSON that loses nothing: numbers keep the digits they were written with (12345678901234567890, 1.10), objects are
// Maps, so that `__proto__` is a key like any other. JSON.parse can do neither on the Node that is inside civault.

/** A number as it was written. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type JsonObject = ReadonlyMap<string, JsonValue>;
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

/** Thrown for text that is not JSON. The message names a position and never quotes the text, which may be secret. */
export class JsonSyntaxError extends Error {}

// Far beyond any secret, and far below what would exhaust the stack of the recursive reader.
const DEEPEST = 512;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/**
 * Reads one JSON text (RFC 8259). Of equal keys the last one counts, as with JSON.parse and Go.
 * @throws {JsonSyntaxError} for anything else, nesting beyond 512 levels included
 */
export function parseJson(text: string): JsonValue {
  let at = 0;

  function fail(): never {
    throw new JsonSyntaxError(`not JSON at character ${at}`);
  }

  function skipSpace(): void {
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      at += 1;
    }
  }

  function word<T>(expected: string, value: T): T {
    if (!text.startsWith(expected, at)) fail();
    at += expected.length;
    return value;
  }

  function number(): JsonNumber {
    NUMBER.lastIndex = at;
    const found = NUMBER.exec(text)?.[0];
    if (found === undefined) fail();
    at += found.length;
    return new JsonNumber(found);
  }

  function escaped(): string {
    const letter = text.charAt(at);
    at += 1;
    if (letter !== 'u') return ESCAPES[letter] ?? fail();
    const digits = text.slice(at, at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) fail();
    at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  function string(): string {
    at += 1;
    const parts: string[] = [];
    let from = at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 0x22) break;
      if (code === 0x5c) {
        parts.push(text.slice(from, at));
        at += 1;
        parts.push(escaped());
        from = at;
      } else if (code >= 0x20) {
        at += 1;
      } else {
        // a control character, or NaN at the end of the text
        fail();
      }
    }
    parts.push(text.slice(from, at));
    at += 1;
    return parts.join('');
  }

  function array(depth: number): JsonValue[] {
    at += 1;
    const items: JsonValue[] = [];
    skipSpace();
    if (text.charAt(at) === ']') return word(']', items);
    for (;;) {
      items.push(value(depth + 1));
      if (text.charAt(at) === ']') return word(']', items);
      word(',', undefined);
    }
  }

  function object(depth: number): JsonObject {
    at += 1;
    const members = new Map<string, JsonValue>();
    skipSpace();
    if (text.charAt(at) === '}') return word('}', members);
    for (;;) {
      skipSpace();
      if (text.charAt(at) !== '"') fail();
      const key = string();
      skipSpace();
      word(':', undefined);
      members.set(key, value(depth + 1));
      if (text.charAt(at) === '}') return word('}', members);
      word(',', undefined);
    }
  }

  function value(depth: number): JsonValue {
    if (depth > DEEPEST) fail();
    skipSpace();
    const found = valueHere(depth);
    skipSpace();
    return found;
  }

  function valueHere(depth: number): JsonValue {
    switch (text.charAt(at)) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      case 't':
        return word('true', true);
      case 'f':
        return word('false', false);
      case 'n':
        return word('null', null);
      default:
        return number();
    }
  }

  const whole = value(0);
  if (at !== text.length) fail();
  return whole;
}

/** Writes JSON without spaces, keys in the order they came, numbers as they were written. */
export function compactJson(value: JsonValue): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof JsonNumber) return value.text;
  if (isJsonObject(value)) {
    return `{${[...value].map(([key, member]) => `${JSON.stringify(key)}:${compactJson(member)}`).join(',')}}`;
  }
  return `[${value.map(compactJson).join(',')}]`;
}

/** Writes JSON over several lines, indented by tabs, as Go's `MarshalIndent` does for Docker; else as `compactJson`. */
export function indentedJson(value: JsonValue, indent = ''): string {
  const inner = `${indent}\t`;
  const over = (items: readonly string[]) => `\n${inner}${items.join(`,\n${inner}`)}\n${indent}`;
  if (isJsonObject(value) && value.size > 0) {
    return `{${over([...value].map(([key, item]) => `${JSON.stringify(key)}: ${indentedJson(item, inner)}`))}}`;
  }
  if (Array.isArray(value) && value.length > 0) {
    return `[${over(value.map((item) => indentedJson(item, inner)))}]`;
  }
  return compactJson(value);
}

/** Whether a value is an object, as against an array, a string or nothing at all. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

/** A member of an object; undefined where the value is no object or has no such member. */
export function member(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) ? value.get(key) : undefined;
}

/** A member that is a string; undefined otherwise. */
export function stringMember(value: JsonValue | undefined, key: string): string | undefined {
  const found = member(value, key);
  return typeof found === 'string' ? found : undefined;
}

/** A member that is a number that a double holds; 0 otherwise. */
export function numberMember(value: JsonValue | undefined, key: string): number {
  const found = member(value, key);
  const number = found instanceof JsonNumber ? Number(found.text) : 0;
  return Number.isFinite(number) ? number : 0;
}
