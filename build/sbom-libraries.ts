// The libraries within Node.js, as vulnerability databases know them.

import { Enums, Models } from '@cyclonedx/cyclonedx-library';
import { BuildError } from './say.ts';

/** A name in `process.versions`: its package URL, and the vendor and product by which the NVD knows it, if it does. */
interface Library {
  readonly purl: string;
  readonly cpe?: readonly [vendor: string, product: string];
}

// Node.js's own names on the left. Of V8 and zlib, Node.js adds its own mark to the version (13.6.233.17-node.53,
// 1.3.2.1-motley-42c2f19): what databases compare stands before it.
const LIBRARIES: Readonly<Record<string, Library>> = {
  acorn: { purl: 'pkg:npm/acorn' },
  ada: { purl: 'pkg:generic/ada' },
  amaro: { purl: 'pkg:npm/amaro' },
  ares: { purl: 'pkg:generic/c-ares', cpe: ['c-ares', 'c-ares'] },
  brotli: { purl: 'pkg:generic/brotli', cpe: ['google', 'brotli'] },
  cjs_module_lexer: { purl: 'pkg:npm/cjs-module-lexer' },
  icu: { purl: 'pkg:generic/icu', cpe: ['unicode', 'international_components_for_unicode'] },
  llhttp: { purl: 'pkg:npm/llhttp', cpe: ['llhttp', 'llhttp'] },
  merve: { purl: 'pkg:generic/merve' },
  nbytes: { purl: 'pkg:generic/nbytes' },
  ncrypto: { purl: 'pkg:generic/ncrypto' },
  nghttp2: { purl: 'pkg:generic/nghttp2', cpe: ['nghttp2', 'nghttp2'] },
  nghttp3: { purl: 'pkg:generic/nghttp3' },
  ngtcp2: { purl: 'pkg:generic/ngtcp2' },
  openssl: { purl: 'pkg:generic/openssl', cpe: ['openssl', 'openssl'] },
  simdjson: { purl: 'pkg:generic/simdjson' },
  simdutf: { purl: 'pkg:generic/simdutf' },
  sqlite: { purl: 'pkg:generic/sqlite', cpe: ['sqlite', 'sqlite'] },
  undici: { purl: 'pkg:npm/undici', cpe: ['nodejs', 'undici'] },
  uv: { purl: 'pkg:generic/libuv', cpe: ['libuv', 'libuv'] },
  uvwasi: { purl: 'pkg:generic/uvwasi' },
  v8: { purl: 'pkg:generic/v8', cpe: ['google', 'v8'] },
  zlib: { purl: 'pkg:generic/zlib', cpe: ['zlib', 'zlib'] },
  zstd: { purl: 'pkg:generic/zstd', cpe: ['facebook', 'zstandard'] },
};
// Numbers of interfaces and tables of data, not code of others.
const NO_LIBRARIES = ['node', 'modules', 'napi', 'cldr', 'tz', 'unicode'];

/** Node.js itself, by the NVD's name. */
export function NODE_CPE(version: string): string {
  return `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`;
}

/**
 * The component for an entry of `process.versions`: none for what is no library, or is left out of this Node.js.
 * @throws {BuildError} for a name that is not known: a bill that leaves something out is wrong
 */
export function libraryOf(name: string, text: string): Models.Component[] {
  // Empty where Node.js was configured without it.
  if (NO_LIBRARIES.includes(name) || text === '') return [];
  const known = LIBRARIES[name];
  if (known === undefined)
    throw new BuildError(
      `Node.js has a library that is not known, ${name} ${text}: add it to build/sbom-libraries.ts`,
    );
  const version = text.replace(/-.*$/, '');
  return [
    new Models.Component(Enums.ComponentType.Library, name, {
      bomRef: `node:${name}`,
      version: text,
      purl: `${known.purl}@${version}`,
      ...(known.cpe === undefined
        ? {}
        : { cpe: `cpe:2.3:a:${known.cpe.join(':')}:${version}:*:*:*:*:*:*:*` }),
    }),
  ];
}
