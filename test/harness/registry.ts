// A real container registry on loopback (Debian's docker-registry) that asks for a password, a tiny image, and the
// programs that push and pull without a daemon: skopeo, and crane where Go can build it.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { runCommand } from './command.ts';
import { leaveNothing } from './leftovers.ts';

const CACHE = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'civault');
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/go/bin`;
const CRANE = 'v0.20.6';

/** A program's path, on PATH or in the cache, which is where build/tools.sh puts docker-registry. */
export function findProgram(name: string): string | undefined {
  return [...PATH.split(':').filter((folder) => folder !== ''), CACHE]
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Why there can be no registry to push to here; undefined where there can. */
export function whyNoRegistry(): string | undefined {
  const missing = ['docker-registry', 'htpasswd', 'skopeo'].filter((name) => findProgram(name) === undefined);
  if (missing.length === 0) return undefined;
  return `there is no ${missing.join(', no ')} (Debian: docker-registry, apache2-utils, skopeo)`;
}

/** A registry that one user may use. */
export interface Registry {
  /** `localhost:PORT`. */
  readonly host: string;
  readonly end: () => Promise<void>;
}

/** Starts one. `whyNoRegistry` says beforehand whether that is possible. */
export async function startRegistry(user: string, password: string): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), 'civault-registry-'));
  const putAway = leaveNothing(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'htpasswd'), (await run('htpasswd', ['-nbB', user, password])).stdout);
  // A port that is free now may be taken in the next moment.
  for (let tries = 1; tries <= 5; tries += 1) {
    const port = await freePort();
    const child = serve(folder, port);
    const ended = new Promise((resolve) => child.on('close', resolve));
    const kill = leaveNothing(() => child.kill('SIGKILL'));
    const end = async () => {
      kill();
      await ended;
    };
    if (!(await answers(port, child))) {
      await end();
      continue;
    }
    return {
      host: `localhost:${port}`,
      end: async () => {
        await end();
        putAway();
      },
    };
  }
  putAway();
  throw new Error('docker-registry does not start');
}

function serve(folder: string, port: number): ChildProcess {
  // JSON is YAML.
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: `127.0.0.1:${port}` },
    auth: { htpasswd: { realm: 'civault', path: join(folder, 'htpasswd') } },
  };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  return spawn(findProgram('docker-registry') ?? '', ['serve', join(folder, 'config.yml')], {
    env: { HOME: folder },
    stdio: 'ignore',
  });
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// It does, and it asks for a password.
async function answers(port: number, child: ChildProcess): Promise<boolean> {
  for (let tries = 0; tries < 200 && child.exitCode === null; tries += 1) {
    const status = await new Promise<number | undefined>((resolve) => {
      const request = http.get({ host: '127.0.0.1', port, path: '/v2/' }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      request.on('error', () => resolve(undefined));
    });
    if (status === 401) return true;
    await sleep(50);
  }
  return false;
}

/** Runs one of the programs, with the variables given and no home to find other credentials in. */
export function run(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return runCommand(findProgram(name) ?? name, args, { env: { PATH, HOME: '/nonexistent', ...env } });
}

/**
 * Writes an image of one layer as an OCI layout (opencontainers/image-spec, image-layout.md).
 * @returns the digest of its manifest
 */
export function writeImage(folder: string): string {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  const put = (mediaType: string, content: Uint8Array | object) => {
    const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content));
    const hash = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(folder, 'blobs/sha256', hash), bytes);
    return {
      mediaType: `application/vnd.oci.image.${mediaType}`,
      digest: `sha256:${hash}`,
      size: bytes.length,
    };
  };
  // An archive without a file: two blocks of zeros.
  const tar = Buffer.alloc(1024);
  const layer = put('layer.v1.tar+gzip', gzipSync(tar));
  const config = put('config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(tar).digest('hex')}`] },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = put('manifest.v1+json', { schemaVersion: 2, mediaType, config, layers: [layer] });
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  return manifest.digest;
}

/** The digest of the one image in an OCI layout. */
export function digestOf(folder: string): string {
  return JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).manifests[0].digest;
}

/** Builds crane, once, and gives its path; or why there is none. */
export async function findCrane(): Promise<{ readonly path: string } | { readonly why: string }> {
  const file = `crane-${CRANE}`;
  const built = findProgram(file);
  if (built !== undefined) return { path: built };
  const go = findProgram('go');
  if (go === undefined) return { why: 'there is no Go to build crane with' };
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'crane-'));
  try {
    const { GOPROXY, GOPATH, GOCACHE, GOMODCACHE } = process.env;
    const own = Object.entries({ GOPROXY, GOPATH, GOCACHE, GOMODCACHE }).filter(
      ([, value]) => value !== undefined,
    );
    const env = {
      PATH,
      HOME: homedir(),
      GOBIN: folder,
      GOFLAGS: '-mod=mod',
      CGO_ENABLED: '0',
      ...Object.fromEntries(own),
    };
    const source = `github.com/google/go-containerregistry/cmd/crane@${CRANE}`;
    const { status, stderr } = await runCommand(go, ['install', source], { env, limit: 300_000 });
    if (status !== 0) return { why: `crane cannot be built here: ${stderr.trim().split('\n').at(-1)}` };
    renameSync(join(folder, 'crane'), join(CACHE, file));
    return { path: join(CACHE, file) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
