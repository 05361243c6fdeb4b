// A JWT (RFC 7519) taken apart, unverified: only Vault verifies one. And what a text is that is none, in words that show
// nothing of it: it may be any secret.

import { isJsonObject, type JsonObject, JsonSyntaxError, parseJson } from '../json.ts';

/** The parts of a JWT that can be read. */
export interface Jwt {
  /** The JOSE header: `alg`, `kid`. */
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

const PART = /^[A-Za-z0-9_-]+$/;

/** Takes a signed JWT apart; undefined where the text is none. */
export function decodeJwt(text: string): Jwt | undefined {
  const parts = text.split('.', 4);
  if (parts.length !== 3 || !parts.every((part) => PART.test(part))) return undefined;
  const [header, claims] = parts.slice(0, 2).map(decodePart);
  return header !== undefined && claims !== undefined ? { header, claims } : undefined;
}

/** The claims of a JWT; undefined where the text is none. */
export function decodeClaims(text: string): JsonObject | undefined {
  return decodeJwt(text)?.claims;
}

function decodePart(part: string): JsonObject | undefined {
  try {
    const value = parseJson(Buffer.from(part, 'base64url').toString());
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}

/** What a text that is no JWT looks like, and what is to be done about it, where that is known. */
export interface Likeness {
  readonly looks: string;
  readonly advice?: string;
}

interface LikenessRow extends Likeness {
  readonly is: RegExp;
}

// The first row that fits counts.
const LIKENESSES: readonly LikenessRow[] = [
  {
    is: /^["'`]|["'`]$/,
    looks: 'it has quotes around it',
    advice: 'hand the variable on as it is, without quotes within its value',
  },
  {
    is: /^bearer\s/i,
    looks: 'it begins with Bearer, as a header does',
    advice: 'leave that word off',
  },
  { is: /^\$/, looks: 'it begins with a $: a variable in it was perhaps never filled in' },
  { is: /^\[MASKED\]$/, looks: 'it is [MASKED], copied from a job log' },
  { is: /^[{[]/, looks: 'it looks like JSON, as in a file' },
  { is: /^https?:\/\//i, looks: 'it looks like a URL: perhaps the audience itself' },
  {
    is: /^(?:hv[sbr]\.|[sbr]\.[A-Za-z0-9]{20})/,
    looks: 'it looks like a Vault token',
    advice: 'a Vault token goes into VAULT_TOKEN',
  },
  {
    is: /^glcbt-/,
    looks: "it looks like GitLab's job token (glcbt-): CI_JOB_TOKEN is no ID token",
  },
  { is: /^glpat-/, looks: 'it looks like a personal access token of GitLab (glpat-)' },
  { is: /^gl[a-z]{2,6}-/, looks: 'it looks like an access token of GitLab' },
  {
    is: /^(?:\.{0,2}\/|[A-Za-z]:\\)[^\n]*$/,
    looks: 'it looks like the path of a file',
    advice: 'a CI/CD variable of type File holds a path: the token itself belongs into the variable',
  },
];

/** Tells what a text is that `decodeJwt` does not take, without showing any of it but its length. */
export function likenessOf(text: string): Likeness {
  const row = LIKENESSES.find(({ is }) => is.test(text));
  if (row !== undefined) return row;
  const parts = text.split('.');
  const size = `it has ${counted(text.length, 'character')}, in ${counted(parts.length, 'part')} between dots`;
  if (/\s/.test(text)) return { looks: `${size}, with a space or a line break within` };
  if (parts.length === 5 && decodePart(parts[0] ?? '')?.has('enc') === true) {
    return {
      looks: 'it is an encrypted JWT (five parts), which Vault cannot read',
      advice: 'GitLab only signs its ID tokens',
    };
  }
  if (parts.length !== 3) return { looks: size };
  const at = parts.findIndex(
    (part, index) => !PART.test(part) || (index < 2 && decodePart(part) === undefined),
  );
  const why = parts[at] === '' ? 'is empty' : PART.test(parts[at] ?? '') ? 'is no JSON' : 'is not Base64url';
  return { looks: `${size}, and ${['the header', 'the payload', 'the signature'][at]} ${why}` };
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
