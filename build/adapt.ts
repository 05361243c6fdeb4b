// Makes the base fit for jobs: its bootstrap is exchanged for civault's, and variables that Node's and OpenSSL's C code
// read before any JavaScript runs get names that no environment has.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { transformSync } from 'esbuild';
import { BuildError, say } from './say.ts';

// Each would let the job's environment change what civault trusts, loads or writes.
const SILENCED = [
  'NODE_DEBUG_NATIVE',
  'NODE_EXTRA_CA_CERTS',
  'NODE_ICU_DATA',
  'NODE_PENDING_DEPRECATION',
  'NODE_PRESERVE_SYMLINKS',
  'NODE_PRESERVE_SYMLINKS_MAIN',
  'NODE_REDIRECT_WARNINGS',
  'OPENSSL_CONF',
  'OPENSSL_CONF_INCLUDE',
  'OPENSSL_ENGINES',
  'OPENSSL_MODULES',
  'CTLOG_FILE',
  'ICU_TIMEZONE_FILES_DIR',
  'PKG_EXECPATH',
];

const require = createRequire(import.meta.url);

/**
 * Adapts a base in memory.
 * @throws {BuildError} when the base is not built as expected
 */
export function adaptBase(base: Buffer, nodeVersion: string): Buffer {
  const adapted = Buffer.from(base);
  exchangeBootstrap(adapted, nodeVersion);
  for (const name of SILENCED) silence(adapted, name);
  say('base', `bootstrap exchanged, ${SILENCED.length} variables silenced`);
  return adapted;
}

function exchangeBootstrap(base: Buffer, nodeVersion: string): void {
  const own = bootstrapSource();
  const pkgs = pkgBootstrap(nodeVersion);
  const at = onlyPlace(base, Buffer.from(pkgs), "pkg's bootstrap");
  if (own.length > pkgs.length)
    throw new BuildError(`build/bootstrap.js is ${own.length - pkgs.length} bytes too long`);
  base.write(own.padEnd(pkgs.length, '\n'), at, 'latin1');
  // V8 would run the code it has cached for pkg's bootstrap. With another magic number it compiles the source instead.
  const inCache = base.indexOf('// PRELUDE_POSITION //', at + pkgs.length);
  const magic = inCache < 0 ? -1 : base.lastIndexOf(Buffer.from([0xde, 0xc0]), inCache) - 2;
  if (magic < inCache - 4096) throw new BuildError("pkg's bootstrap has no code cache where one is expected");
  base.writeUInt32LE(0, magic);
}

// A C string stands between NULs. getenv("") finds nothing.
function silence(base: Buffer, name: string): void {
  const string = Buffer.from(`\0${name}\0`);
  let at = base.indexOf(string);
  if (at < 0) throw new BuildError(`the base does not read ${name}: take it off the list in build/adapt.ts`);
  for (; at >= 0; at = base.indexOf(string, at)) base.fill(0, at, at + string.length);
}

/** The bootstrap without its comments: the place it must fit in is 1.5 kB. */
function bootstrapSource(): string {
  const text = readFileSync(new URL('./bootstrap.js', import.meta.url), 'utf8');
  return `'use strict';${transformSync(text, { minifyWhitespace: true, charset: 'ascii', target: 'node20' }).code}`;
}

/** The bootstrap that pkg-fetch's patch added to Node. */
function pkgBootstrap(nodeVersion: string): string {
  const patch = readFileSync(
    require.resolve(`@yao-pkg/pkg-fetch/patches/node.${nodeVersion}.cpp.patch`),
    'utf8',
  );
  const added = /\n\+\+\+ node\/lib\/internal\/bootstrap\/pkg\.js\n@@[^\n]*\n((?:\+[^\n]*\n)+)/.exec(
    patch,
  )?.[1];
  if (added === undefined)
    throw new BuildError(`pkg-fetch's patch for Node ${nodeVersion} adds no bootstrap`);
  return added.replace(/^\+/gm, '');
}

function onlyPlace(base: Buffer, what: Buffer, name: string): number {
  const at = base.indexOf(what);
  if (at < 0 || base.indexOf(what, at + 1) >= 0)
    throw new BuildError(`${name} does not stand once in the base`);
  return at;
}
