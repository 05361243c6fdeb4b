// pkg-fetch, which knows the static bases: where one is downloaded from, where it is kept, its SHA-256, its patch.
//
// There are two of it. The one that pkg brings has the Node.js 20 that an npm package holds too (build/npm-base.ts); the
// newest has the later lines at versions of this year, which are what is released.

import { createRequire } from 'node:module';
import { BuildError } from './say.ts';

/** One pkg-fetch. */
export interface PkgFetch {
  readonly version: string;
  readonly need: (wanted: {
    nodeRange: string;
    platform: string;
    arch: string;
    forceFetch: boolean;
  }) => Promise<string>;
  /** Where it keeps a base. */
  readonly localPlace: (of: {
    from: string;
    arch: string;
    nodeVersion: string;
    platform: string;
    version: string;
  }) => string;
  readonly log: {
    info(text: string): void;
    error(text: unknown): void;
    enableProgress(text: string): void;
    showProgress(percent: number): void;
    disableProgress(): void;
  };
  /** SHA-256 by the name of a base. */
  readonly pins: Readonly<Record<string, string>>;
  /** The version of a release line such as `node20` that it has. */
  readonly nodeVersion: string;
  /** The file of its patch for that version. */
  readonly patch: string;
}

const NEWEST = createRequire(import.meta.url);
const OF_PKG = createRequire(NEWEST.resolve('@yao-pkg/pkg/package.json'));

/**
 * The pkg-fetch that has a release line.
 * @param nodeRange pkg's name of the line, such as `node20`
 */
export function pkgFetchFor(nodeRange: string): PkgFetch {
  const load = nodeRange === 'node20' ? OF_PKG : NEWEST;
  const { getNodeVersion, need } = load('@yao-pkg/pkg-fetch');
  const nodeVersion: string = getNodeVersion(nodeRange);
  if (!/^v\d+\.\d+\.\d+$/.test(nodeVersion)) throw new BuildError(`pkg-fetch has no base for ${nodeRange}`);
  return {
    version: load('@yao-pkg/pkg-fetch/package.json').version,
    need,
    localPlace: load('@yao-pkg/pkg-fetch/lib-es5/places.js').localPlace,
    log: load('@yao-pkg/pkg-fetch/lib-es5/log.js').log,
    pins: load('@yao-pkg/pkg-fetch/lib-es5/expected-shas.json'),
    nodeVersion,
    patch: load.resolve(`@yao-pkg/pkg-fetch/patches/node.${nodeVersion}.cpp.patch`),
  };
}
