// JSON Pointer (RFC 6901): its text as tokens and back, and where the tokens lead in a value.

import { isJsonObject, type JsonValue } from './json.ts';

/** How far a pointer leads. */
export interface Followed {
  /** What the whole pointer leads to. */
  readonly value: JsonValue | undefined;
  /** How many of its tokens lead somewhere. */
  readonly depth: number;
  /** What those lead to. */
  readonly last: JsonValue;
}

/** The tokens of a pointer, unescaped; undefined for what is none. */
export function pointerTokens(text: string): string[] | undefined {
  if (text === '') return [];
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return undefined;
  return text
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Writes tokens so that `pointerTokens` reads the same ones back. */
export function formatPointer(tokens: readonly string[]): string {
  return tokens.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Follows a pointer from a value. An element of a list is named by digits without a leading zero (section 4). */
export function followPointer(root: JsonValue, tokens: readonly string[]): Followed {
  let last = root;
  for (const [depth, token] of tokens.entries()) {
    const next = isJsonObject(last)
      ? last.get(token)
      : Array.isArray(last) && /^(?:0|[1-9][0-9]*)$/.test(token)
        ? (last[Number(token)] as JsonValue | undefined)
        : undefined;
    if (next === undefined) return { value: undefined, depth, last };
    last = next;
  }
  return { value: last, depth: tokens.length, last };
}
