// GitLab's registry of generic packages: a file is uploaded once, and what is there with other bytes is never replaced.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BuildError } from './say.ts';

/** Where to, and as whom. */
export interface Registry {
  /** CI_API_V4_URL. */
  readonly api: string;
  /** CI_PROJECT_ID. */
  readonly project: string;
  /** CI_JOB_TOKEN. */
  readonly token: string;
  /** What to wait before each further try, in milliseconds. */
  readonly pauses?: readonly number[];
}

const PAUSES = [1_000, 5_000, 15_000];

/**
 * The address of a file.
 * @throws {BuildError} when the API's is not https
 */
export function addressOf({ api, project }: Registry, version: string, name: string): URL {
  const base = httpsUrl(api);
  if (base === undefined) throw new BuildError(`CI_API_V4_URL is no https address: ${api}`);
  const parts = ['projects', project, 'packages', 'generic', 'civault', version, name];
  base.pathname = `${base.pathname.replace(/\/$/, '')}/${parts.map(encodeURIComponent).join('/')}`;
  return base;
}

/**
 * Uploads a file where there is none, and reads it back.
 * @returns whether it was uploaded; false where the same bytes are there already
 * @throws {BuildError} when other bytes are there, or the registry refuses
 */
export async function uploadOnce(
  registry: Registry,
  version: string,
  { name, path, sha256 }: { readonly name: string; readonly path: string; readonly sha256: string },
): Promise<boolean> {
  const address = addressOf(registry, version, name);
  const before = await digestAt(registry, address);
  if (before === sha256) return false;
  if (before !== undefined)
    throw new BuildError(
      `${name} ${version} is there already, with other bytes (SHA-256 ${before}): a version is published once`,
    );
  const body = readFileSync(path);
  const { status, statusText } = await ask(registry, address, { method: 'PUT', body });
  if (status !== 201 && status !== 200) throw new BuildError(`${name} is refused: ${status} ${statusText}`);
  const after = await digestAt(registry, address);
  if (after !== sha256)
    throw new BuildError(`${name} was uploaded and is not what comes back (SHA-256 ${after ?? 'none'})`);
  return true;
}

function httpsUrl(text: string, base?: string): URL | undefined {
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  return url.protocol === 'https:' ? url : undefined;
}

async function digestAt(registry: Registry, address: URL): Promise<string | undefined> {
  let answer = await ask(registry, address, { method: 'GET' });
  // An object store is another host, which the token is not for.
  for (let hops = 0; [301, 302, 303, 307, 308].includes(answer.status); hops += 1) {
    const to = httpsUrl(answer.headers.get('location') ?? '', answer.url);
    if (hops === 3 || to === undefined) throw new BuildError(`${address} leads to no https address`);
    answer = await ask(undefined, to, { method: 'GET' });
  }
  if (answer.status === 404) return undefined;
  if (answer.status !== 200 || answer.body === null)
    throw new BuildError(`${address} answers ${answer.status} ${answer.statusText}`);
  const hash = createHash('sha256');
  for await (const chunk of answer.body) hash.update(chunk);
  return hash.digest('hex');
}

async function ask(registry: Registry | undefined, address: URL, init: RequestInit): Promise<Response> {
  const pauses = registry?.pauses ?? PAUSES;
  for (let tries = 0; ; tries += 1) {
    const pause = pauses[tries];
    let wait = pause;
    try {
      const answer = await fetch(address, {
        ...init,
        redirect: 'manual',
        headers: registry === undefined ? {} : { 'JOB-TOKEN': registry.token },
      });
      const isPassing = answer.status === 429 || answer.status >= 500;
      if (!isPassing || pause === undefined) return answer;
      await answer.body?.cancel();
      wait = Math.max(pause, retryAfter(answer));
    } catch (error) {
      if (pause === undefined || !isCut(error))
        throw new BuildError(`${address.origin} cannot be reached: ${causeOf(error)}`);
    }
    await sleep(wait);
  }
}

// GitLab's rate limits count by the minute, and say how much of it is left.
function retryAfter({ headers }: Response): number {
  const seconds = Number(headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) ? Math.min(seconds, 60) * 1000 : 0;
}

// As Node.js and undici name them; a certificate that is not trusted stays so.
function isCut(error: unknown): boolean {
  const { code } = ((error instanceof Error && error.cause) || {}) as { code?: unknown };
  return /^(ECONN|ETIMEDOUT|EAI_AGAIN|EPIPE|UND_ERR_)/.test(String(code));
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
