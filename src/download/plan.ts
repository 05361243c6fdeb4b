// Which files a command line means: assets of a release, or a file of a generic package.

import { AppError, quoted } from '../errors.ts';
import type { GitlabApi } from '../gitlab/api.ts';
import { digestIn } from '../gitlab/checksums.ts';
import { chooseAssets, fileName } from '../gitlab/choice.ts';
import { findRelease } from '../gitlab/releases.ts';
import { filledIn } from '../setting-values.ts';
import type { Destination } from './destination.ts';
import { type Expectation, expectationsOf, type Found } from './expectation.ts';
import type { Wanted } from './files.ts';
import { LINKED, linkOf, refusedFile } from './link.ts';

/** Finds out where the files are and what they should be. */
export type Plan = (api: GitlabApi, project: string, destination: Destination) => Promise<readonly Wanted[]>;

/**
 * Assets of a release.
 * @param wanted names, direct asset paths or patterns
 * @param given the digest that the user names, which is for one file alone
 * @throws {AppError} USAGE
 */
export function releasePlan(wanted: readonly string[], tag: string, given: Expectation | undefined): Plan {
  for (const text of [...wanted, tag]) {
    if (text.trim() === '') {
      const what = text === tag ? '--tag' : 'an ASSET';
      throw new AppError('USAGE', `${what} is empty`, 'if a variable was to hold it, that is not set');
    }
    filledIn(text, text === tag ? '--tag' : 'an ASSET');
  }
  if (/^\.{1,2}$/.test(tag)) {
    throw new AppError(
      'USAGE',
      `--tag is "${tag}": no tag has that name`,
      'name one, or leave it out for the newest',
    );
  }
  return async (api, project, destination) => {
    const release = await findRelease(api, project, tag);
    const chosen = chooseAssets(release, wanted);
    if (given !== undefined && chosen.length > 1) {
      throw new AppError(
        'USAGE',
        `--sha256 is for one file, and ${chosen.length} are meant`,
        'leave it out, and SHA256SUMS of the release counts; or run it once for each',
      );
    }
    const expect = expectationsOf(release.assets, api);
    const files: Wanted[] = [];
    for (const { asset, name } of chosen) {
      files.push({
        name: asset.name,
        link: linkOf(asset, api),
        file: destination.fileFor(() => fileName(name), chosen.length),
        expected: given,
        ...(given === undefined ? await expect(asset) : {}),
        claim: LINKED,
      });
    }
    return files;
  };
}

/** A file of a generic package. */
export interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly file: string;
}

/**
 * Reads NAME/VERSION/FILE. A file's name may hold slashes.
 * @throws {AppError} USAGE
 */
export function readPackage(text: string): PackageFile {
  filledIn(text, '--package');
  const [, name, version, file] = /^([^/]+)\/([^/]+)\/(.+)$/s.exec(text) ?? [];
  const isPlain = (part: string) => !/^\.{1,2}$|[\u0000-\u0020\u007f]/.test(part);
  if (name !== undefined && version !== undefined && file !== undefined) {
    if ([name, version, ...file.split('/')].every((part) => part !== '' && isPlain(part))) {
      return { name, version, file };
    }
  }
  throw new AppError(
    'USAGE',
    `--package is ${quoted(text)}: not NAME/VERSION/FILE`,
    "write them as in the package registry's page: --package civault/1.2.3/civault-linux-amd64",
  );
}

/** A file of a generic package (GitLab's documentation, "Generic packages repository"). */
export function packagePlan({ name, version, file }: PackageFile, given: Expectation | undefined): Plan {
  return async (api, project, destination) => {
    const urlOf = (each: string) =>
      api.urlOf(['projects', project, 'packages', 'generic', name, version, ...each.split('/')]);
    const claim = `the project ${project} has in ${name}/${version}`;
    const path = destination.fileFor(() => fileName(file), 1);
    const found = given === undefined && file !== SUMS ? await sumOf(api, urlOf(SUMS), file, claim) : {};
    return [{ name: file, link: urlOf(file), file: path, expected: given, ...found, claim }];
  };
}

const SUMS = 'SHA256SUMS';

// What the package says of itself, where it does.
async function sumOf(api: GitlabApi, url: URL, file: string, claim: string): Promise<Found> {
  const response = await api.fetch(url);
  if (response.status === 404) return {};
  if (response.status !== 200) throw refusedFile(response, { name: SUMS, claim }, api.token);
  const names = [file, file.slice(file.lastIndexOf('/') + 1)];
  const source = `${SUMS} of the package`;
  const sha256 = digestIn(response.body.toString(), names, SUMS);
  return sha256 === undefined ? { silent: source } : { expected: { sha256, source } };
}
