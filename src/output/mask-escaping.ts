// How an escape is made: of what each character becomes.
//
// It is a table rather than a regular expression, since civault's Node runs those one step at a time.

/** Writes a text as some tool would. */
export type Escape = (text: string) => string;

/** What a character becomes. */
export type Written = (character: string) => string;

const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
export const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** An escape that writes each character of ASCII, and all others, by a function each. */
export function escaping(ascii: Written, other: Written = (character) => character): Escape {
  const table = ASCII.map(ascii);
  const isPlain = Uint8Array.from(table, (written, code) => (written === ASCII[code] ? 1 : 0));
  return (text) => {
    let out = '';
    let from = 0;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (isPlain[code] === 1) continue;
      const character = code < 128 ? text.charAt(at) : String.fromCodePoint(text.codePointAt(at) ?? 0);
      const written = code < 128 ? (table[code] ?? '') : other(character);
      if (written !== character) {
        out += text.slice(from, at) + written;
        from = at + character.length;
      }
      at += character.length - 1;
    }
    return from === 0 ? text : out + text.slice(from);
  };
}

/** The bytes of a character in hex, with something before each. */
export function hexOf(character: string, before: string, upper: boolean): string {
  const hex = [...Buffer.from(character)].map((byte) => before + byte.toString(16).padStart(2, '0')).join('');
  return upper ? hex.toUpperCase() : hex;
}

/** Replaces the characters of a map. */
export const each =
  (map: Readonly<Record<string, string>>): Written =>
  (character) =>
    map[character] ?? character;

/** Puts a backslash before some characters. */
export const backslash =
  (characters: string): Written =>
  (character) =>
    characters.includes(character) ? `\\${character}` : character;
