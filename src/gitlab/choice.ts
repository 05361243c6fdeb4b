// Which of a release's assets are meant: by a link's name, by its direct asset path, or by a pattern.

import { AppError, quoted, shownNames } from '../errors.ts';
import { nearestFirst } from '../nearest.ts';
import type { Asset, Release } from './releases.ts';

/** An asset, and the name by which it was found: its file is called like the last part of that. */
export interface Chosen {
  readonly asset: Asset;
  readonly name: string;
}

const SHOWN = 20;

/**
 * Chooses assets, each once, in the order in which they were asked for.
 * @param wanted names, direct asset paths, or patterns of them (`*`, `?`, `[a-z]`)
 * @throws {AppError} ASSET_NOT_FOUND with the assets there are; USAGE for two that would be one file
 */
export function chooseAssets(release: Release, wanted: readonly string[]): readonly Chosen[] {
  const chosen = new Map<Asset, Chosen>();
  for (const text of wanted) {
    const found = choose(release.assets, text);
    if (found.length === 0) throw notFound(release, text);
    for (const each of found) if (!chosen.has(each.asset)) chosen.set(each.asset, each);
  }
  const byFile = new Map<string, Chosen>();
  for (const each of chosen.values()) {
    const file = lastSegment(each.name);
    const other = byFile.get(file);
    if (other !== undefined) throw sameFile(other, each, file);
    byFile.set(file, each);
  }
  return [...chosen.values()];
}

function choose(assets: readonly Asset[], text: string): Chosen[] {
  const path = text.replace(/^\/+/, '');
  const exact =
    assets.find(({ name }) => name === text) ??
    assets.find((asset) => asset.path === path) ??
    onlyOne(assets.filter((asset) => asset.path !== undefined && lastSegment(asset.path) === path));
  if (exact !== undefined) return [{ asset: exact, name: text }];
  if (!/[*?[]/.test(text)) return [];
  const steps = stepsOf(path);
  const isShort = !path.includes('/');
  const partOf = (whole: string) => (isShort ? lastSegment(whole) : whole);
  return assets.flatMap((asset) => {
    const match = [asset.path, asset.name].find((each) => each !== undefined && fits(steps, partOf(each)));
    return match === undefined ? [] : [{ asset, name: match }];
  });
}

function onlyOne<T>(all: readonly T[]): T | undefined {
  return all.length === 1 ? all[0] : undefined;
}

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * The name of the file for an asset: the last part of what names it.
 * @throws {AppError} BAD_RESPONSE for a name that would lead elsewhere or is none
 */
export function fileName(text: string): string {
  const name = lastSegment(text);
  if (name !== '' && name !== '.' && name !== '..' && !/[\u0000-\u001f\u007f]/.test(name)) return name;
  throw new AppError(
    'BAD_RESPONSE',
    `the asset ${quoted(text)} has a name that no file should have`,
    'name the file yourself: --output FILE',
  );
}

/** One step of a pattern: a character that fits, or any number of them; never a slash but where it is written. */
interface Step {
  readonly fits: (character: string) => boolean;
  readonly isMany: boolean;
  /** Whether a name may not begin here with a dot: it is found, such as .bashrc, by writing the dot alone. */
  readonly isFirst: boolean;
}

// As a shell has it. By steps and not by one regular expression, which has no length and no number of * that it takes.
function stepsOf(pattern: string): Step[] {
  return [...pattern.matchAll(/\*+|\?|\[(!?)([^\]]{1,256})\]|./gsu)].map(([part, not, set], index, all) => {
    const isMany = part.startsWith('*');
    const isFirst = index === 0 || all[index - 1]?.[0] === '/';
    if (set !== undefined) {
      const characters = regexOf(`[${not === '!' ? '^' : ''}${set.replace(/[\\^[\]]/g, '\\$&')}]`, pattern);
      return { fits: (character) => character !== '/' && characters.test(character), isMany, isFirst };
    }
    if (isMany || part === '?') return { fits: (character) => character !== '/', isMany, isFirst };
    return { fits: (character) => character === part, isMany, isFirst: false };
  });
}

function regexOf(set: string, pattern: string): RegExp {
  try {
    return new RegExp(`^${set}$`, 'su');
  } catch {
    // A range that goes backwards, such as [z-a].
    throw new AppError('USAGE', `${quoted(pattern)} is no pattern`, 'write [a-z], * or ?');
  }
}

function fits(steps: readonly Step[], text: string): boolean {
  const characters = [...text];
  // The last * that was passed, and up to where it reaches so far: more of it is taken where what follows does not fit.
  let last: { step: number; to: number } | undefined;
  let step = 0;
  let at = 0;
  for (;;) {
    const next = steps[step];
    const character = characters[at];
    const isHidden = next?.isFirst === true && character === '.';
    if (next === undefined && character === undefined) return true;
    if (next?.isMany && !isHidden) {
      last = { step, to: at };
      step += 1;
    } else if (
      next !== undefined &&
      character !== undefined &&
      !next.isMany &&
      !isHidden &&
      next.fits(character)
    ) {
      step += 1;
      at += 1;
    } else {
      const more = last === undefined ? undefined : characters[last.to];
      if (last === undefined || more === undefined || more === '/') return false;
      last.to += 1;
      step = last.step + 1;
      at = last.to;
    }
  }
}

function notFound({ tag, assets }: Release, text: string): AppError {
  const names = [...new Set(assets.map(({ name }) => name))];
  const what = /[*?[]/.test(text) ? `no asset that fits ${quoted(text)}` : `no asset ${quoted(text)}`;
  const hint =
    names.length === 0
      ? 'it has no assets at all: the job that makes the release links them (release: assets: links:)'
      : `there ${names.length === 1 ? 'is' : 'are'} ${shownNames(nearestFirst(names, text), SHOWN)}`;
  return new AppError('ASSET_NOT_FOUND', `the release ${quoted(tag)} has ${what}`, hint);
}

function sameFile(one: Chosen, other: Chosen, file: string): AppError {
  return new AppError(
    'USAGE',
    `${quoted(one.asset.name)} and ${quoted(other.asset.name)} would both be written to ${quoted(file)}`,
    'download them one by one, each with its own --output FILE',
  );
}
