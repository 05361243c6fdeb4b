// The version: package.json has it, and a tag must be it.

import { readFileSync } from 'node:fs';
import { BuildError } from './say.ts';

/** The version in package.json. */
export function packageVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  return version;
}

/**
 * Compares a tag with the version.
 * @param tag CI_COMMIT_TAG; undefined or empty where no tag is built
 * @throws {BuildError} when it is the tag of another version
 */
export function expectTag(version: string, tag: string | undefined): void {
  if (tag === undefined || tag === '' || tag === `v${version}`) return;
  throw new BuildError(
    `the tag is ${tag} and package.json says ${version}: the tag of this version is v${version}`,
  );
}
