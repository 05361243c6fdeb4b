// REF, the way a user names one secret or one of its fields, as a value.
//
//   secret/data/nexus/ci#password   a path with a field: the API's path or the Vault CLI's
//   secret/nexus/ci?version=3       a path without one: the whole secret, here one version of it
//   nexus/ci/password@secret        GitLab's `secrets:vault` form: PATH/FIELD@MOUNT

import { AppError, holdsToken, printable, quoted } from '../errors.ts';
import { formatPointer, pointerTokens } from '../json-pointer.ts';
import { foreignReference } from './foreign-reference.ts';

/** Which field of a secret is meant. */
export type Field =
  /** a key of the secret, taken whole: it may hold dots, spaces, slashes, or be empty */
  | { readonly kind: 'key'; readonly key: string }
  /** a JSON Pointer (RFC 6901) into nested values, its tokens unescaped */
  | { readonly kind: 'pointer'; readonly tokens: readonly string[] };

/** A parsed REF. */
export interface Reference {
  /** The secret's path, segment by segment, neither empty nor `.` nor `..`; with the mount but for GitLab's form. */
  readonly path: readonly string[];
  /** The mount, where the form names it apart (GitLab's). Such a mount is KV v2. */
  readonly mount: readonly string[] | undefined;
  /** The KV v2 version asked for; 0 is the latest, as in Vault. */
  readonly version: number | undefined;
  /** Undefined for the whole secret. */
  readonly field: Field | undefined;
}

const GRAMMAR =
  'write PATH#FIELD, such as secret/data/nexus/svc-orchestrator#password, or PATH/FIELD@MOUNT as GitLab does';

/**
 * Reads a REF.
 * @throws {AppError} USAGE, with what is wrong in it, and the REF that was likely meant where one can be told
 */
export function parseReference(text: string): Reference {
  const foreign = foreignReference(text);
  if (foreign === undefined || holdsToken(text)) return readReference(text);
  throw invalid(text, foreign.why, hintOf(foreign.better));
}

function readReference(text: string): Reference {
  if (holdsToken(text)) throw invalid(text, 'it holds a token, which is not sent anywhere');
  const hash = text.indexOf('#');
  const beforeField = hash < 0 ? text : text.slice(0, hash);
  const field = hash < 0 ? undefined : parseField(text.slice(hash + 1), text);
  const question = beforeField.indexOf('?');
  if (hash < 0 && beforeField.includes('@')) {
    if (question >= 0) throw invalid(text, "GitLab's form takes no version: write PATH?version=N#FIELD");
    return parseGitlabForm(text);
  }
  const path = parsePath(question < 0 ? beforeField : beforeField.slice(0, question), text);
  if (path.length === 1) throw mountAlone(text, path[0] ?? '');
  if (path[0] === 'v1') throw invalid(text, 'leave v1/ off: a path begins with its mount');
  return {
    path,
    mount: undefined,
    version: question < 0 ? undefined : parseVersion(beforeField.slice(question + 1), text),
    field,
  };
}

/** Writes a reference so that `parseReference` reads the same one back. */
export function formatReference(reference: Reference): string {
  const text = write(reference, '');
  // A path may look as another tool would write it (`A=/b`): slashes at its ends say that it is one.
  return foreignReference(text) === undefined ? text : write(reference, '/');
}

function write({ path, mount, version, field }: Reference, edge: '' | '/'): string {
  const from = `${edge}${path.join('/')}`;
  if (mount !== undefined && field?.kind === 'key') return `${from}/${field.key}@${mount.join('/')}${edge}`;
  const query = version === undefined ? '' : `?version=${version}`;
  return `${from}${edge}${query}${formatField(field)}`;
}

/** Where the secret is, as a message shows it and a REF takes it: with the mount, without version and field. */
export function secretPath({ path, mount }: Reference): string {
  return [...(mount === undefined ? [] : [...mount, 'data']), ...path].join('/');
}

/** The names that lead to a field, one within the other. */
export function tokensOf(field: Field): readonly string[] {
  return field.kind === 'key' ? [field.key] : field.tokens;
}

/** Writes a field as it stands behind a path: `#key`, `#/a/b`, or nothing for the whole secret. */
export function formatField(field: Field | undefined): string {
  if (field === undefined) return '';
  if (field.kind === 'key') return `#${field.key}`;
  return `#${formatPointer(field.tokens)}`;
}

function parseGitlabForm(text: string): Reference {
  const at = text.lastIndexOf('@');
  const slash = text.lastIndexOf('/', at);
  if (slash < 0) throw invalid(text, 'it has an @ but no field: GitLab writes PATH/FIELD@MOUNT');
  const key = text.slice(slash + 1, at);
  if (key === '') throw invalid(text, 'the field before the @ is empty');
  return {
    path: parsePath(text.slice(0, slash), text),
    mount: parsePath(text.slice(at + 1), text),
    version: undefined,
    field: { kind: 'key', key },
  };
}

/**
 * Reads what stands behind the #: a key, or where it begins with / a JSON Pointer.
 * @param whole what it is a part of, for the message
 * @throws {AppError} USAGE
 */
export function parseField(text: string, whole: string): Field {
  if (!text.startsWith('/')) return { kind: 'key', key: text };
  const tokens = pointerTokens(text);
  if (tokens === undefined) {
    throw invalid(whole, 'in a JSON Pointer ~ stands only as ~0 (for ~) or ~1 (for /)');
  }
  return { kind: 'pointer', tokens };
}

function parseVersion(query: string, whole: string): number {
  const digits = /^version=([0-9]{1,9})$/.exec(query)?.[1];
  if (digits === undefined) throw invalid(whole, 'only ?version=N may stand between path and field');
  return Number(digits);
}

// Vault resolves `.`, `..` and `//` before it looks at the path, so that a REF could name another secret than it seems to.
function parsePath(text: string, whole: string): string[] {
  const segments = text.replace(/^\/|\/$/g, '').split('/');
  if (segments.length === 1 && segments[0] === '') throw invalid(whole, 'it has no path');
  for (const segment of segments) {
    if (segment === '') throw invalid(whole, 'it has an empty segment (//)');
    if (segment === '.' || segment === '..') throw invalid(whole, `the segment ${segment} is not allowed`);
    if (/[\u0000-\u001f\u007f]/.test(segment)) throw invalid(whole, 'a path holds no control characters');
    if (!segment.isWellFormed()) throw invalid(whole, 'a path must be Unicode text');
    if (segment !== segment.trim()) throw invalid(whole, 'there is a space at the end of a segment');
    if (/\$\{?[A-Za-z_]/.test(segment))
      throw invalid(whole, 'a variable in it was never filled in', UNFILLED);
  }
  return segments;
}

const UNFILLED =
  'within single quotes a variable stays as it is: use double quotes, and a variable that this job has';

function mountAlone(text: string, name: string): AppError {
  const [, mount, field] = /^([^\s:]+)[: ]([^\s:]+)$/.exec(name) ?? [];
  const hint =
    mount === undefined
      ? `a field stands behind its path: PATH#${/^[\w-]{1,64}$/.test(name) ? name : 'FIELD'}; ${GRAMMAR}`
      : `perhaps PATH/${printable(mount)}#${printable(field ?? '')}; ${GRAMMAR}`;
  return invalid(text, 'it names a mount at most, and no path on it', hint);
}

/** The hint that names a better REF, if it is one and can be shown whole. */
function hintOf(better: string | undefined): string {
  if (better === undefined || printable(better) !== better) return GRAMMAR;
  try {
    readReference(better);
  } catch (error) {
    if (error instanceof AppError) return GRAMMAR;
    throw error;
  }
  return `write ${better}`;
}

function invalid(text: string, why: string, hint = GRAMMAR): AppError {
  // A URL may hold a password.
  const [start, end] = [text.indexOf('://'), text.lastIndexOf('@')];
  const shown = start < 0 || end < start + 3 ? text : `${text.slice(0, start)}://…${text.slice(end)}`;
  return new AppError('USAGE', `${quoted(shown)} is not a secret's reference: ${why}`, hint);
}
