// The stand-in for GitLab's API, and for the object storage behind it on another origin.

import { createHash } from 'node:crypto';
import type http from 'node:http';
import { type Authority, createAuthority } from '../vault/authority.ts';
import { type ListenOptions, startListening } from '../vault/listener.ts';
import { findProject, identify, type Wish } from './access.ts';
import { releases } from './releases.ts';
import { file, html, json, Refusal, redirect } from './reply.ts';
import type { Content, Project, State } from './state.ts';
import { createStorage, type Storage } from './storage.ts';

/** A request that came in. */
export interface Seen {
  readonly server: 'gitlab' | 'storage';
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
}

/** Stands before a server: answers itself, breaks off, or calls `next`. */
export type Interceptor = (
  request: http.IncomingMessage,
  response: http.ServerResponse,
  next: () => void,
  server: Seen['server'],
) => void;

export interface GitlabStandIn {
  /** `https://127.0.0.1:PORT`. */
  readonly origin: string;
  readonly storageOrigin: string;
  readonly authority: Authority;
  readonly state: State;
  readonly storage: Storage;
  readonly requests: Seen[];
  intercept: Interceptor | undefined;
  readonly close: () => Promise<void>;
}

/** Starts both servers. */
export async function startGitlab(options: ListenOptions = {}): Promise<GitlabStandIn> {
  const authority = await createAuthority('Tests of civault, GitLab');
  const state: State = {
    projects: [],
    jobTokens: new Map(),
    privateTokens: new Map(),
    deployTokens: new Map(),
  };
  const storage = createStorage();
  const requests: Seen[] = [];
  const servers: (http.Server | import('node:https').Server)[] = [];

  async function listen(name: Seen['server'], serve: http.RequestListener): Promise<string> {
    const listener: http.RequestListener = (request, response) => {
      const { method = '', url = '', headers } = request;
      requests.push({ server: name, method, path: url, headers });
      const next = () => serve(request, response);
      if (standIn.intercept === undefined) next();
      else standIn.intercept(request, response, next, name);
    };
    const { server, address } = await startListening(options, authority, listener, () => undefined);
    servers.push(server);
    return address;
  }

  const standIn = { authority, state, storage, requests, intercept: undefined as Interceptor | undefined };
  const storageOrigin = await listen('storage', (request, response) => void storage.serve(request, response));
  const origin: string = await listen('gitlab', (request, response) => {
    answer(request, response, { state, storage, origin, storageOrigin }).catch((error: unknown) => {
      if (error instanceof Refusal) return json(response, error.status, error.body);
      json(response, 500, { message: '500 Internal Server Error' });
    });
  });
  return Object.assign(standIn, {
    origin,
    storageOrigin,
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  });
}

interface Surroundings {
  readonly state: State;
  readonly storage: Storage;
  readonly origin: string;
  readonly storageOrigin: string;
}

async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { state, storage, origin, storageOrigin }: Surroundings,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', origin);
  if (pathname === '/users/sign_in') return html(response, 'Sign in · GitLab');
  const [, rest] = /^\/api\/v4\/projects\/(.+)$/.exec(pathname) ?? [];
  // The pages take a session's cookie, which no job has.
  if (rest === undefined) return redirect(response, `${origin}/users/sign_in`);
  const [id = '', area = '', ...segments] = rest.split('/').map(decodeURIComponent);
  const who = identify(state, request, area);
  const find = (wish: Wish) => findProject(state, id, who, wish);
  if (area === 'releases') return releases(request, response, find('read_release'), segments, origin);
  if (area !== 'packages' || segments[0] !== 'generic') throw new Refusal(404, { error: '404 Not Found' });
  // A file's name holds no slash: each part of its path is a segment of its own.
  if (segments.at(-1)?.includes('/')) throw new Refusal(404, { error: '404 Not Found' });
  const key = segments.slice(1).join('/');
  if (request.method === 'PUT') return upload(request, response, find('write'), key);
  const project = find('read_package');
  const content = project.packages.get(key);
  if (content === undefined) throw new Refusal(404, '404 Not Found');
  if (project.storage === 'object') return redirect(response, storage.sign(content, storageOrigin));
  await file(request, response, content, {
    etag: `"${content.sha256.slice(0, 32)}"`,
    headers: { 'x-checksum-sha256': content.sha256 },
    cutAfter: storage.cutAfter,
    pace: storage.pace,
  });
}

async function upload(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  project: Project,
  key: string,
): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  project.packages.set(key, contentOf(Buffer.concat(pieces)));
  json(response, 201, { message: '201 Created' });
}

/** A file of those bytes. */
export function contentOf(bytes: Buffer | string): Content {
  const buffer = Buffer.from(bytes as string);
  return {
    size: buffer.length,
    sha256: createHash('sha256').update(buffer).digest('hex'),
    slice: (from, to) => buffer.subarray(from, to),
  };
}
