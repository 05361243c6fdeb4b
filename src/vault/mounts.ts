// Where a path's mount ends and what kind of engine is there: asked of Vault as the Vault CLI does.

import { AppError, printable } from '../errors.ts';
import type { SendOptions } from '../http/client.ts';
import { member, stringMember } from '../json.ts';
import type { VaultAnswer } from './answer.ts';
import { readRefused } from './diagnosis.ts';
import type { Mount, MountLookup } from './requests.ts';
import type { Session } from './session.ts';

/**
 * Asks which mount a path belongs to (`sys/internal/ui/mounts/PATH`).
 * @returns undefined where Vault does not know the question
 * @throws {AppError} UNAVAILABLE, BAD_RESPONSE
 */
export async function lookUpMount(
  session: Session,
  path: readonly string[],
  options?: SendOptions,
): Promise<MountLookup | undefined> {
  const lookup = ['sys', 'internal', 'ui', 'mounts', ...path];
  const answer = await session.read(lookup, '', options);
  if (answer.status === 403) return 'nothing';
  // What an engine or an older Vault says to a question that it does not know. All else is a failure.
  if ([400, 404, 405].includes(answer.status)) return undefined;
  if (answer.status !== 200)
    throw readRefused(answer, { path: lookup, kind: 'other', version: undefined }, session);
  return mountFrom(answer, path);
}

/**
 * Reads that answer.
 * @throws {AppError} BAD_RESPONSE when the mount is not on the path
 */
export function mountFrom(answer: VaultAnswer, path: readonly string[]): Mount {
  const data = member(answer.json, 'data');
  const mount = (stringMember(data, 'path') ?? '').replace(/\/$/, '').split('/');
  if (!startsWith(path, mount)) {
    // What it named instead is not shown: it could be anything, a token that was sent included.
    throw new AppError(
      'BAD_RESPONSE',
      `asked for the mount of ${printable(path.join('/'))}, Vault named none that it could be on`,
      'check that the address is the one of Vault',
    );
  }
  const type = stringMember(data, 'type');
  if (type !== 'kv' && type !== 'generic') return { path: mount, kind: 'other' };
  return { path: mount, kind: stringMember(member(data, 'options'), 'version') === '2' ? 'kv2' : 'kv1' };
}

/** Whether a path lies on a mount. */
export function startsWith(path: readonly string[], mount: readonly string[]): boolean {
  return mount.every((segment, index) => path[index] === segment);
}
