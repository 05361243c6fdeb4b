// What a release consists of, by name: one list for the build, the upload and the pipeline's links.

import { ARCHES } from './arch.ts';
import { binaryName } from './binary.ts';

/** The compressed forms of each binary. */
export const COMPRESSED = ['.gz', '.xz'] as const;
/** The bill of materials, in CycloneDX's JSON. */
export const SBOM = 'civault.cdx.json';
/** The SHA-256 of all others, as `sha256sum -c` reads it. */
export const SUMS = 'SHA256SUMS';
/** The runner's provenance statement; only a pipeline has it. */
export const PROVENANCE = 'civault-provenance.json';
/** cosign's bundles for both; only a pipeline that can sign has them. */
export const SIGNATURES: readonly string[] = [SUMS, PROVENANCE].map((name) => `${name}.sigstore.json`);

/** All that `make release` makes where every base can be had. */
export const ASSETS: readonly string[] = [
  ...ARCHES.flatMap((arch) => ['', ...COMPRESSED].map((ending) => binaryName(arch) + ending)),
  SBOM,
  SUMS,
];
