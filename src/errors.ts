// The one error class, and how text that came from outside is made fit to be shown.
//
// Messages follow one style: lower case, no full stop, what happened first. A hint says what to do next.
// Neither ever holds a token, a secret, a request's body or an unfiltered answer.

/** What went wrong, by the names that the documentation and `exit-codes.ts` use. */
export type ErrorCode =
  | 'INTERNAL'
  | 'USAGE'
  | 'CONFIG'
  | 'OUTPUT'
  | 'COMMAND_NOT_EXECUTABLE'
  | 'COMMAND_NOT_FOUND'
  | 'ID_TOKEN_MISSING'
  | 'ID_TOKEN_INVALID'
  | 'LOGIN_DENIED'
  | 'PERMISSION_DENIED'
  | 'SECRET_NOT_FOUND'
  | 'FIELD_NOT_FOUND'
  | 'ASSET_NOT_FOUND'
  | 'UNAVAILABLE'
  | 'TLS_UNTRUSTED'
  | 'BAD_RESPONSE'
  | 'CHECKSUM_MISMATCH';

/** A failure that civault foresaw: a code, a plain message and, where there is one, what to do next. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, hint?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AppError';
    this.code = code;
    this.hint = hint;
  }
}

/** One that no other try would mend, though its code is that of failures which pass. */
export class FinalError extends AppError {}

const SHOWN_AT_MOST = 200;

/**
 * Makes text of unknown origin (a server's error, a field's name, a claim, an argument) safe to print in a job log:
 * tokens are taken out, control characters, ANSI sequences and bidirectional marks come out as `\u001b`, and long text
 * is cut.
 */
export function printable(text: string, atMost = SHOWN_AT_MOST): string {
  const safe = withoutTokens(text);
  const cut = safe.length > atMost ? `${safe.slice(0, atMost)}…` : safe;
  return cut.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

// JWTs, Vault's tokens (hvs., hvb., hvr., and s. before Vault 1.10), and GitLab's. Whoever gives one where a name belongs
// must not find it in the log. A letter may stand before one that is the end of an escape: %2F, \n.
const TOKEN =
  /(?:\b|(?<=%[0-9a-fA-F]{2}|\\[bfnrt]))(?:eyJ[\w-]{8,}(?:\.[\w-]*)*|hv[sbr]\.[\w.-]+|[sbr]\.[A-Za-z0-9]{24,}|gl[a-z]{2,6}-[\w-]{16,})/g;

/** Whether a text holds what looks like a token. */
export function holdsToken(text: string): boolean {
  return text.search(TOKEN) >= 0;
}

/** Puts `[token]` in the place of whatever looks like one. */
export function withoutTokens(text: string): string {
  return text.replace(TOKEN, '[token]');
}

/** Quotes a name for a message, made printable. */
export function quoted(text: string): string {
  return `"${printable(text)}"`;
}

/** Names as a list for a message, made printable; of many, the first so many. */
export function shownNames(names: readonly string[], atMost: number, show = printable): string {
  const shown = names.slice(0, atMost).map((name) => show(name));
  const more = names.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

/** The system's short name of an error (`ENOENT`), where it has one. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
