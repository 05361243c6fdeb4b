// The world as the unit tests make it: files, streams, a clock, a job's ID token, and a Vault that answers from a table.

import { type IdToken, readIdToken } from '../../src/gitlab/id-token.ts';
import type { Client } from '../../src/http/client.ts';
import type { HttpRequest, HttpResponse } from '../../src/http/request.ts';
import type { TrustSettings } from '../../src/http/trust.ts';
import type { Io } from '../../src/io.ts';
import { readSettings, type SettingFlags, type Settings } from '../../src/settings.ts';
import { readAnswer, type VaultAnswer } from '../../src/vault/answer.ts';
import type { Asker } from '../../src/vault/diagnosis.ts';

/** An `Io` that keeps what it is given. */
export interface FakeIo extends Io {
  readonly written: string[];
  readonly messages: string[];
  /** The file and the folder of certificates, each time they were chosen. */
  readonly stores: [file: string, folder: string][];
}

/** What a fake `Io` finds, and which of its functions do something else. */
interface World extends Partial<Omit<Io, 'input'>> {
  readonly input?: string | Uint8Array;
  readonly files?: Readonly<Record<string, string>>;
  readonly folders?: Readonly<Record<string, readonly string[]>>;
}

export function fakeIo({ files = {}, folders = {}, input = '', ...functions }: World = {}): FakeIo {
  const written: string[] = [];
  const messages: string[] = [];
  const stores: [string, string][] = [];
  return {
    written,
    messages,
    stores,
    writeOutput: (result) =>
      void written.push(typeof result === 'string' ? result : Buffer.from(result).toString()),
    writeMessage: (line) => void messages.push(line),
    readFile: (path) => files[path] ?? absent(path),
    listFolder: (path) => [...(folders[path] ?? absent(path))],
    useCertificateStore: (file, folder) => void stores.push([file, folder]),
    input: () => inPieces(input),
    drawStatus: () => false,
    cutShort: new Promise<never>(() => undefined),
    whileSignalsEnd: (write) => write(),
    takeSignals: () => () => undefined,
    now: () => NOW,
    elapsed: () => 0,
    random: () => 0,
    mark: () => undefined,
    timeline: () => ({ marks: [], now: 0 }),
    ...functions,
  };
}

async function* inPieces(input: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield Buffer.from(input);
}

function absent(path: string): never {
  throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });
}

/** An HTTP answer; a body that is not text is sent as JSON. */
export function response(
  status: number,
  body?: unknown,
  headers: HttpResponse['headers'] = {},
): HttpResponse {
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
  return { status, headers, body: Buffer.from(text) };
}

/** An answer of Vault's, read. */
export function answer(status: number, body?: unknown): VaultAnswer {
  return readAnswer(response(status, body));
}

/** A client that sends nothing, and what it was asked to send. */
export interface FakeClient extends Client {
  readonly requests: HttpRequest[];
  readonly options: (Parameters<Client['send']>[1] | undefined)[];
}

export function fakeClient(respond: (request: HttpRequest) => HttpResponse): FakeClient {
  const requests: HttpRequest[] = [];
  const options: FakeClient['options'] = [];
  return {
    requests,
    options,
    send: async (request, given) => {
      requests.push(request);
      options.push(given);
      return respond(request);
    },
    close: () => undefined,
  };
}

/** Answers of a Vault by `METHOD /path`; whatever is not in the table is not there. */
export function fakeVault(table: Readonly<Record<string, HttpResponse>>): FakeClient {
  return fakeClient(({ method, path }) => table[`${method} ${path}`] ?? response(404, { errors: [] }));
}

/** The moment at which the unit tests run, in milliseconds. */
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A clock that shows it. */
export const clock = () => NOW;

/** The claims of the job's ID token. */
export const CLAIMS = {
  iss: 'https://gitlab.shared.cwiq.io',
  aud: 'https://gitlab.shared.cwiq.io',
  sub: 'project_path:orchestrator/api:ref_type:branch:ref:main',
  project_path: 'orchestrator/api',
  ref: 'main',
  ref_protected: 'false',
  user_login: 'jo',
  iat: NOW / 1000,
  nbf: NOW / 1000 - 5,
  exp: NOW / 1000 + 3600,
};

/** A JWT whose signature nobody has made. */
export function jwt(claims: object = CLAIMS): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJlIG9mIG5vYm9keQ`;
}

/** The job's ID token. */
export function idToken(claims: object = CLAIMS): IdToken {
  return readIdToken('VAULT_ID_TOKEN', { VAULT_ID_TOKEN: jwt(claims) }, NOW);
}

/** Who asks, for messages: by a login unless said. */
export function asker(changes: Partial<Asker> = {}): Asker {
  return {
    idToken: idToken(),
    token: {},
    policies: ['default', 'nexus-ci'],
    namespace: undefined,
    ...changes,
  };
}

/** Who asks with a VAULT_TOKEN. */
export const OWN_TOKEN: Asker = { idToken: undefined, token: {}, policies: undefined, namespace: undefined };

/** The settings of a job that says where Vault is, with what else it sets. */
export function settle(variables: Readonly<Record<string, string>> = {}, flags: SettingFlags = {}): Settings {
  return readSettings(flags, { VAULT_ADDR: 'https://vault.example.com', ...variables });
}

/** Nothing set that concerns TLS. */
export const NO_TRUST: TrustSettings = {
  caFile: undefined,
  caBytes: undefined,
  caFolder: undefined,
  systemFile: undefined,
  systemFolder: undefined,
  clientCertificate: undefined,
  clientKey: undefined,
  serverName: undefined,
  skipVerify: false,
};

/** The milliseconds that a call works for, however busy the machine is with other things. */
export function workOf(call: () => void): number {
  const before = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
