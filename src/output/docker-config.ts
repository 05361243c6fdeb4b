// Docker's config.json as text: the key that a registry has in it, credentials added to it, and what in it keeps Docker
// from using them. Nothing here reads or writes a file.
//
// What Docker does: cli/config/configfile/file.go and cli/config/credentials/file_store.go of docker/cli.

import { isIPv6 } from 'node:net';
import { AppError, printable, quoted } from '../errors.ts';
import {
  indentedJson,
  isJsonObject,
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  member,
  parseJson,
  stringMember,
} from '../json.ts';
import { Secret } from '../secret.ts';

/** The credentials of a registry. */
export interface RegistryLogin {
  /** The registry's key in the file. */
  readonly key: string;
  /** The value of its `auth`. */
  readonly auth: Secret;
}

const HUB = 'https://index.docker.io/v1/';
const HUB_HOSTS = ['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'];

/**
 * The key under which Docker looks for a registry: `host[:port]`, or that of Docker Hub. Upper case stays: Docker compares
 * the key with the host in an image's name letter by letter.
 * @throws {AppError} USAGE for what is no registry
 */
export function registryKey(text: string): string {
  if (text === '') throw new AppError('USAGE', 'a REGISTRY is empty', 'the variable it came from is not set');
  if (text.includes('@')) {
    // Not shown: it may be USER:PASSWORD@HOST.
    throw new AppError('USAGE', 'a REGISTRY has an @ in it', 'write its host alone: the secret has the rest');
  }
  if (/\$\{?[A-Za-z_]/.test(text)) {
    const hint = 'the variable it names is not defined in this job';
    throw new AppError('USAGE', `the registry ${quoted(text)}: a variable in it was never filled in`, hint);
  }
  const bare = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/(?<!\/)\/+$/, '');
  const [host = '', ...path] = bare.replace(/(?<!\/)\/+v[12]$/, '').split('/');
  if (!isHost(host)) {
    const hint = 'write host or host:port, such as nexus.shared.cwiq.io:8443; an IPv6 address in brackets';
    throw new AppError('USAGE', `${quoted(text)} is not a registry's host`, hint);
  }
  if (path.length > 0) {
    // Docker takes a first part like this one for a registry, and any other for a part of an image's name on Docker Hub.
    const hint = /[.:]|^localhost$/.test(host)
      ? `write its host alone: ${host}`
      : 'first the REGISTRY, then its REF: nexus.shared.cwiq.io:8443 secret/data/nexus/svc-orchestrator';
    throw new AppError('USAGE', `${quoted(text)} is not a registry: it has a path`, hint);
  }
  return HUB_HOSTS.includes(host.toLowerCase()) ? HUB : host;
}

// As image names have it: github.com/distribution/reference, regexp.go.
function isHost(text: string): boolean {
  const [, bracketed, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return false;
  if (bracketed !== undefined) return isIPv6(bracketed) && !bracketed.includes('%');
  const label = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;
  return name !== undefined && name.length <= 253 && name.split('.').every((part) => label.test(part));
}

/**
 * The value of `auth`: user name and password as HTTP's basic authentication joins them (RFC 7617).
 * @param where what both came from, for messages
 * @throws {AppError} CONFIG for what cannot be joined, or what no registry would have set
 */
export function basicAuth(
  user: Secret,
  password: Secret,
  where: { readonly user: string; readonly password: string },
): Secret {
  const name = user.reveal();
  const word = password.reveal();
  const refuse = (what: string, field: string, why: string, hint: string) => {
    throw new AppError('CONFIG', `the ${what} in ${printable(field)} ${why}`, hint);
  };
  const other = 'mend the secret, or name another field';
  for (const [what, value, field] of [
    ['user name', name, where.user],
    ['password', word, where.password],
  ] as const) {
    const flag = `--${what === 'password' ? 'password' : 'username'}-field`;
    if (value === '') refuse(what, field, 'is empty', `${other} with ${flag}`);
    // Docker's own reader takes them off the end.
    if (value.includes('\0')) refuse(what, field, 'holds a NUL byte', `${other} with ${flag}`);
  }
  if (name.includes(':')) refuse('user name', where.user, 'holds a colon', 'the password would begin there');
  if (/[\r\n]/.test(name)) refuse('user name', where.user, 'holds a line break', other);
  // Within, line breaks are of a key file that is the password (Google's _json_key). At an end they are a file's or echo's.
  if (/^[\r\n]|[\r\n]$/.test(word)) {
    const hint =
      'it would be sent with it, and refused: write the secret without, such as by printf %s in place of echo';
    refuse('password', where.password, 'begins or ends with a line break', hint);
  }
  return new Secret(Buffer.from(`${name}:${word}`).toString('base64'));
}

/**
 * Reads a config.json; nothing but white space counts as an empty one.
 * @param path for messages, which never quote the file
 * @throws {AppError} CONFIG for what Docker could not read either
 */
export function readDockerConfig(text: string, path: string): JsonObject {
  const refuse = (why: string) => {
    const hint = 'it was left as it is: mend it, or set DOCKER_CONFIG to another folder';
    return new AppError('CONFIG', `${printable(path)} ${why}`, hint);
  };
  if (text.trim() === '') return new Map();
  const config = parsed(text, (position) => {
    throw refuse(`is ${position}`);
  });
  if (!isJsonObject(config)) throw refuse('is JSON, but no object');
  const auths = config.get('auths') ?? null;
  if (auths !== null && !isJsonObject(auths)) throw refuse('has "auths" that is no object');
  return config;
}

/**
 * Adds credentials, and writes the whole as Docker does. A registry's entry is replaced as a whole: an `identitytoken` in
 * it would win over the password.
 */
export function addLogins(config: JsonObject, logins: readonly RegistryLogin[]): string {
  const old = config.get('auths');
  const auths = new Map(isJsonObject(old) ? old : []);
  for (const { key, auth } of logins) auths.set(key, new Map([['auth', auth.reveal()]]));
  return `${indentedJson(new Map(config).set('auths', auths))}\n`;
}

/**
 * What keeps Docker from using the credentials of some registries, a warning each.
 * @param path the file's, for the warnings
 * @param inVariable the value of DOCKER_AUTH_CONFIG, which Docker 28.3 and later take first (docker/cli#6008)
 */
export function unusedLogins(
  config: JsonObject,
  keys: readonly string[],
  path: string,
  inVariable: string | undefined,
): string[] {
  const [file, hint] = [printable(path), 'or set DOCKER_CONFIG to another folder'];
  const helpers = config.get('credHelpers');
  const helperOf = (key: string) => entryOf(helpers, key);
  const own = keys.flatMap((key) => {
    const program = helperOf(key);
    if (typeof program !== 'string' || program === '') return [];
    const asks = `for ${key} Docker asks ${printable(`docker-credential-${program}`)} (credHelpers in ${file})`;
    return [`${asks} and not this entry: take the registry out of credHelpers, ${hint}`];
  });
  const store = stringMember(config, 'credsStore') ?? '';
  // An entry in credHelpers, be it empty, stands before credsStore.
  const inStore = keys.filter((key) => helperOf(key) === undefined);
  const all =
    store === '' || inStore.length === 0
      ? []
      : [
          `for ${inStore.join(', ')} Docker asks ${printable(`docker-credential-${store}`)} (credsStore in ${file}) and not this entry: take credsStore out, ${hint}`,
        ];
  const auths = member(
    parsed(inVariable ?? '', () => null),
    'auths',
  );
  const before = keys
    .filter((key) => entryOf(auths, key) !== undefined)
    .map(
      (key) =>
        `DOCKER_AUTH_CONFIG holds credentials of ${key} too, which Docker 28.3 and later take before this entry: unset it, or take the registry out of it`,
    );
  return [...own, ...all, ...before];
}

// Whatever name of the registry it is under.
function entryOf(entries: JsonValue | undefined, key: string): JsonValue | undefined {
  if (!isJsonObject(entries)) return undefined;
  return entries.get(key) ?? [...entries].find(([name]) => keyOrNone(name) === key)?.[1];
}

function keyOrNone(name: string): string | undefined {
  try {
    return registryKey(name);
  } catch {
    return undefined;
  }
}

function parsed(text: string, otherwise: (position: string) => JsonValue): JsonValue {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return otherwise(error.message);
    throw error;
  }
}
