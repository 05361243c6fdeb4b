// JSON as Vault keeps it: a number is its digits, an object may hold any key, and what is written
// looks as Go writes it (keys sorted, `<`, `>`, `&`, U+2028 and U+2029 as escapes).

/** A number as it was written: KV v1 hands out `1.10` and 20-digit integers unchanged. */
export interface JsonNumber {
  readonly digits: string;
}

export type JsonObject = Map<string, Json>;
export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject;

const token = {
  space: /[ \t\r\n]*/y,
  string: /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y,
  number: /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y,
  literal: /true|false|null/y,
};

/** Reads JSON text; throws an Error that says what Vault's own check says of a malformed body. */
export function parseJson(text: string): Json {
  let at = 0;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const peek = (): string | undefined => {
    take(token.space);
    return text[at];
  };
  const expect = (character: string, where: string): void => {
    const found = peek();
    if (found === undefined) throw new Error('malformed JSON, unclosed containers');
    if (found !== character) throw new Error(`invalid character '${found}' ${where}`);
    at += 1;
  };
  const string = (): string => {
    const raw = take(token.string);
    if (raw === undefined) throw new Error('malformed JSON, unclosed string');
    const text = JSON.parse(raw) as string;
    if (/[\ud800-\udbff]$/.test(text)) {
      throw new Error('malformed JSON, unterminated surrogate pair in string');
    }
    // Go has no lone surrogates: each becomes the replacement character.
    return text.replace(/\p{Surrogate}/gu, '\ufffd');
  };
  const members = <T>(close: string, read: () => T): void => {
    at += 1;
    if (peek() === close) {
      at += 1;
      return;
    }
    for (;;) {
      read();
      if (peek() !== ',') break;
      at += 1;
    }
    expect(close, close === '}' ? 'after object key:value pair' : 'after array element');
  };
  const value = (): Json => {
    const first = peek();
    if (first === undefined) throw new Error('malformed JSON, unclosed containers');
    if (first === '{') {
      const object: JsonObject = new Map();
      members('}', () => {
        if (peek() !== '"') expect('"', 'looking for beginning of object key string');
        const key = string();
        if (object.has(key)) throw new Error(`duplicate key '${key}' in object`);
        expect(':', 'after object key');
        object.set(key, value());
      });
      return object;
    }
    if (first === '[') {
      const list: Json[] = [];
      members(']', () => list.push(value()));
      return list;
    }
    if (first === '"') return string();
    const literal = take(token.literal);
    if (literal !== undefined) return literal === 'null' ? null : literal === 'true';
    const digits = take(token.number);
    if (digits === undefined) throw new Error(`invalid character '${first}' looking for beginning of value`);
    return { digits };
  };

  const whole = value();
  const rest = peek();
  if (rest !== undefined) throw new Error(`invalid character '${rest}' after top-level value`);
  return whole;
}

/** Writes JSON text the way Go's encoder does. */
export function writeJson(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return writeString(value);
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  if (!(value instanceof Map)) return value.digits;
  return writeMembers([...value].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
}

/** Writes an object whose members stay in this order, as Go writes its structs. */
export function writeMembers(members: readonly (readonly [string, Json])[]): string {
  return `{${members.map(([key, value]) => `${writeString(key)}:${writeJson(value)}`).join(',')}}`;
}

function writeString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The same value after a trip through float64, which is what KV v2 does to every number it stores. */
export function throughFloat64(value: Json): Json {
  if (Array.isArray(value)) return value.map(throughFloat64);
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, throughFloat64(each)]));
  if (value === null || typeof value !== 'object') return value;
  const number = Number(value.digits);
  return { digits: Object.is(number, -0) ? '-0' : JSON.stringify(number) };
}

/** Makes JSON of an ordinary value; members that are undefined are left out. */
export function toJson(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return { digits: JSON.stringify(value) };
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map) return value as JsonObject;
  if (typeof value !== 'object') throw new TypeError(`no JSON for ${typeof value}`);
  const present = Object.entries(value).filter(([, each]) => each !== undefined);
  return new Map(present.map(([key, each]) => [key, toJson(each)]));
}

/** Makes an object's JSON of an ordinary object. */
export function toJsonObject(value: Record<string, unknown>): JsonObject {
  return toJson(value) as JsonObject;
}

/** Makes an ordinary value of JSON, for fields whose numbers are small. */
export function toPlain(value: Json): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  // fromEntries defines members, so that a key `__proto__` is only a key.
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, each]) => [key, toPlain(each)]));
  if (value === null || typeof value !== 'object') return value;
  return Number(value.digits);
}
