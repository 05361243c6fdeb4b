// Which civault this is. The build puts the values in (build/bundle.ts); from source there are none.

interface Release {
  readonly version: string;
  /** The git commit it was built from, `-dirty` if the tree held more than that. */
  readonly commit: string;
  /** The Node.js inside. */
  readonly node: string;
}

declare const CIVAULT_RELEASE: Release | undefined;

/** This build. */
export const RELEASE: Release =
  typeof CIVAULT_RELEASE === 'undefined'
    ? { version: 'from source', commit: 'none', node: 'none' }
    : CIVAULT_RELEASE;
