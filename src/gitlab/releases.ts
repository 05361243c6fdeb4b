// A release as the API tells it: its tag, and the links to its assets (GitLab's documentation, "Releases API").

import { AppError, quoted, shownNames } from '../errors.ts';
import { isJsonObject, type JsonValue, member, stringMember } from '../json.ts';
import { nearestFirst } from '../nearest.ts';
import type { GitlabAnswer, GitlabApi } from './api.ts';
import { refused } from './refusal.ts';

/** A link of a release. */
export interface Asset {
  readonly name: string;
  /** The direct asset path (`filepath`), without the slash before it; undefined for a link without one. */
  readonly path: string | undefined;
  readonly url: string;
}

/** A release. */
export interface Release {
  readonly tag: string;
  readonly assets: readonly Asset[];
}

/** The tag that stands for the newest release, by its date. */
export const LATEST = 'latest';
const NOTHING: GitlabAnswer = { status: 0, json: undefined };
const SHOWN_TAGS = 10;

/**
 * Asks for a release.
 * @param project its number or its path
 * @param tag its tag, or `latest`
 * @throws {AppError} ASSET_NOT_FOUND where there is none, PERMISSION_DENIED, or whatever stands between
 */
export async function findRelease(api: GitlabApi, project: string, tag: string): Promise<Release> {
  const releases = ['projects', project, 'releases'];
  const answer = await api.ask(tag === LATEST ? [...releases, 'permalink', LATEST] : [...releases, tag]);
  if (answer.status === 404 && !/project not found/i.test(stringMember(answer.json, 'message') ?? '')) {
    throw noRelease(project, tag, await tagsOf(api, releases));
  }
  if (answer.status !== 200) throw refused(answer, `the releases of ${project}`, project, api.token);
  const found = stringMember(answer.json, 'tag_name');
  const links = member(member(answer.json, 'assets'), 'links');
  if (found === undefined || !Array.isArray(links)) {
    throw new AppError('BAD_RESPONSE', 'the answer is no release of GitLab', 'check the address of GitLab');
  }
  return { tag: found, assets: links.flatMap(assetOf) };
}

function assetOf(link: JsonValue): Asset[] {
  const [name, url] = [stringMember(link, 'name'), stringMember(link, 'url')];
  if (!isJsonObject(link) || name === undefined || url === undefined) return [];
  const direct = stringMember(link, 'direct_asset_url') ?? url;
  return [{ name, url, path: direct === url ? undefined : directPath(direct) }];
}

// https://GITLAB/GROUP/PROJECT/-/releases/TAG/downloads/PATH
function directPath(address: string): string | undefined {
  // From the first on: a text that has many would be gone through as often.
  const from = address.indexOf('/-/releases/');
  const path = /^\/-\/releases\/[^?#]*?\/downloads\/([^?#]+)/.exec(from < 0 ? '' : address.slice(from))?.[1];
  if (path === undefined) return undefined;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

// For the message alone: a job that may not list them is told of none.
async function tagsOf(api: GitlabApi, releases: readonly string[]): Promise<readonly string[]> {
  const { status, json } = await api.ask(releases, '?per_page=100').catch(() => NOTHING);
  if (status !== 200 || !Array.isArray(json)) return [];
  return json.flatMap((release) => stringMember(release, 'tag_name') ?? []);
}

function noRelease(project: string, tag: string, tags: readonly string[]): AppError {
  const what =
    tag === LATEST
      ? `the project ${project} has no release`
      : `the project ${project} has no release ${quoted(tag)}`;
  const there =
    tags.length === 0
      ? 'a tag alone is none: a job makes one by the release: keyword'
      : `there are ${shownNames(nearestFirst(tags, tag), SHOWN_TAGS)}`;
  return new AppError('ASSET_NOT_FOUND', what, there);
}
