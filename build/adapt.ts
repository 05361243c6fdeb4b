// Makes the base fit for jobs: its bootstrap is exchanged for civault's, variables that Node's and OpenSSL's C code read
// before any JavaScript runs get names that no environment has, and an init is placed for where civault is PID 1.

import { readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import { dropAdvice, sayAdvice } from './advice.ts';
import { keepGroups, sayGroups } from './allocator.ts';
import type { Arch } from './arch.ts';
import type { Base } from './base.ts';
import { codeCacheAround } from './code-cache.ts';
import { placeInit } from './init.ts';
import { onlyPlace } from './machine-code.ts';
import { lineOf } from './node-lines.ts';
import { dropJoin, sayJoin } from './quick-end.ts';
import { BuildError, say } from './say.ts';
import { dropDestructors, sayDestructors } from './straight-exit.ts';

/** Each would let the job’s environment change what civault trusts, loads or writes. */
export const SILENCED = [
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
/** Read by Node.js 22 and later as well: the system's CAs where the job says none, and a cache of compiled code in a folder. */
export const SILENCED_SINCE_22 = ['NODE_COMPILE_CACHE', 'NODE_USE_SYSTEM_CA'];
// OpenSSL's switches for the processor: a wrong one ends the process by a signal.
const SILENCED_ON: Readonly<Record<Arch['docker'], string>> = {
  amd64: 'OPENSSL_ia32cap',
  arm64: 'OPENSSL_armcap',
};
/**
 * Silenced where they are found, as none of them lets anybody in. A locale that ICU cannot make out ends the process by a
 * signal as well, and civault speaks but one language; with a wrong switch of simdutf's no text is UTF-8.
 */
export const SILENCED_WHERE_FOUND = [
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'LC_MESSAGES',
  'SIMDUTF_FORCE_IMPLEMENTATION',
];

/** What became of a base. */
export interface Adapted {
  readonly bytes: Buffer;
  /** What became of the machine code: such a change is left out where its place is not found. */
  readonly codeChanges: string;
}

/**
 * Adapts a base in memory.
 * @throws {BuildError} when the base is not built as expected
 */
export function adaptBase({ bytes, nodeVersion, arch, patch }: Base): Adapted {
  const adapted = Buffer.from(bytes);
  const line = lineOf(nodeVersion);
  exchangeBootstrap(adapted, patch, line);
  const names = [...SILENCED, ...(line < 22 ? [] : SILENCED_SINCE_22), SILENCED_ON[arch.docker]];
  for (const name of names) {
    if (!silence(adapted, name))
      throw new BuildError(`the base does not read ${name}: take it off the list in build/adapt.ts`);
  }
  const others = SILENCED_WHERE_FOUND.filter((name) => silence(adapted, name));
  const place = placeInit(adapted, arch).toString(16);
  const codeChanges = [
    sayAdvice(dropAdvice(adapted, arch)),
    sayGroups(keepGroups(adapted, arch)),
    sayJoin(dropJoin(adapted, arch)),
    sayDestructors(dropDestructors(adapted, arch)),
  ].join(', ');
  say(
    'base',
    `bootstrap exchanged, ${names.length + others.length} variables silenced, init placed at 0x${place}`,
  );
  say('base', `${arch.docker}: ${codeChanges}`);
  return { bytes: adapted, codeChanges };
}

function exchangeBootstrap(base: Buffer, patch: string, line: number): void {
  const own = bootstrapSource();
  const pkgs = pkgBootstrap(patch);
  const at = onlyPlace(base, Buffer.from(pkgs));
  if (at === undefined) throw new BuildError("pkg's bootstrap does not stand once in the base");
  if (own.length > pkgs.length)
    throw new BuildError(`build/bootstrap.js is ${own.length - pkgs.length} bytes too long`);
  base.write(own.padEnd(pkgs.length, '\n'), at, 'latin1');
  // V8 would run the code it has cached for pkg's bootstrap. With another magic number it compiles the source instead.
  const place = base.indexOf('// PRELUDE_POSITION //', at + pkgs.length);
  base.writeUInt32LE(0, codeCacheAround(base, place, line));
}

// A C string stands between NULs, and getenv("") finds nothing. Its first byte alone is taken: the linker lets a string that
// is the end of another stand within it, such as PATH in PKG_EXECPATH, by which execvp finds programs.
function silence(base: Buffer, name: string): boolean {
  const string = Buffer.from(`\0${name}\0`);
  const first = base.indexOf(string);
  for (let at = first; at >= 0; at = base.indexOf(string, at)) base[at + 1] = 0;
  return first >= 0;
}

/** The bootstrap without its comments: the place it must fit in is 1.5 kB. */
function bootstrapSource(): string {
  const text = readFileSync(new URL('./bootstrap.js', import.meta.url), 'utf8');
  return `'use strict';${transformSync(text, { minifyWhitespace: true, charset: 'ascii', target: 'node20' }).code}`;
}

/** The bootstrap that pkg-fetch's patch added to Node. */
function pkgBootstrap(patch: string): string {
  const added = /\n\+\+\+ node\/lib\/internal\/bootstrap\/pkg\.js\n@@[^\n]*\n((?:\+[^\n]*\n)+)/.exec(
    readFileSync(patch, 'utf8'),
  )?.[1];
  if (added === undefined) throw new BuildError(`${patch} adds no bootstrap`);
  return added.replace(/^\+/gm, '');
}
