// What the bill of materials says beside its list of parts, and its library has no models for: what of Node.js was changed,
// and that the list of its parts is known to be incomplete.

import { Enums, Models } from '@cyclonedx/cyclonedx-library';

/** What was done to the Node.js of a release. */
export interface Changes {
  /** The version of pkg-fetch, whose patch was compiled in. */
  readonly pkgFetch: string;
  /** The name of the patch's file. */
  readonly patch: string;
  /** What became of the machine code, by architecture. */
  readonly code: ReadonlyMap<string, string>;
}

// The static Node.js says in no place that can be relied on which versions these are: scanners cannot match them, readers can.
const LINKED: readonly (readonly [name: string, licence: string, what: string])[] = [
  ['musl', 'MIT', 'The C library'],
  ['libgcc', 'GPL-3.0-or-later WITH GCC-exception-3.1', "The compiler's runtime"],
  ['libstdc++', 'GPL-3.0-or-later WITH GCC-exception-3.1', 'The C++ library'],
];

/** The libraries that Node.js is linked with and does not name in `process.versions`; their versions are not known. */
export function linkedLibraries(): Models.Component[] {
  return LINKED.map(([name, licence, what]) => {
    const licenses = new Models.LicenseRepository([
      licence.includes(' ') ? new Models.LicenseExpression(licence) : new Models.SpdxLicense(licence),
    ]);
    return new Models.Component(Enums.ComponentType.Library, name, {
      bomRef: `node:${name}`,
      description: `${what} that Node.js is linked with statically, of a version that is not known`,
      licenses,
      purl: `pkg:generic/${encodeURIComponent(name)}`,
    });
  });
}

/** A bill's text with both added; everything else stays as it is. */
export function withPedigree(text: string, changes: Changes): string {
  const bill: { components: { 'bom-ref'?: string; pedigree?: object }[] } = JSON.parse(text);
  for (const part of bill.components) {
    if (part['bom-ref'] === 'node') part.pedigree = pedigreeOf(changes);
  }
  const compositions = [{ aggregate: 'incomplete', dependencies: ['node'] }];
  return JSON.stringify({ ...bill, compositions }, undefined, 2);
}

function pedigreeOf({ pkgFetch, patch, code }: Changes): object {
  const tarball = `https://registry.npmjs.org/@yao-pkg/pkg-fetch/-/pkg-fetch-${pkgFetch}.tgz`;
  const each = [...code].map(([arch, changes]) => `${arch}: ${changes}`);
  return {
    patches: [{ type: 'unofficial', diff: { url: `${tarball}#package/patches/${patch}` } }],
    notes: `pkg-fetch ${pkgFetch} applied its patch before it compiled. In the program's bytes, civault's build/adapt.ts exchanged \
pkg's bootstrap, took names of variables out, placed an init and changed single instructions where they were found, and its build/built-ins.ts \
exchanged V8's code caches of some of Node's modules (${each.join('; ')}).`,
  };
}
