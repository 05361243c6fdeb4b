// Every setting of a run: from flags, else from the environment, else its default; checked before anything is sent.

import { AppError, holdsToken, printable, quoted } from './errors.ts';
import { type Endpoint, isLoopback, parseAddress } from './http/address.ts';
import type { ProxySettings } from './http/proxy.ts';
import type { TrustSettings } from './http/trust.ts';
import type { Environment, NamedValue } from './io.ts';
import { Secret } from './secret.ts';
import {
  filledIn,
  headerText,
  readDuration,
  readPath,
  readRetries,
  readSwitch,
  withoutControls,
} from './setting-values.ts';
import type { SessionSettings } from './vault/requests.ts';

/** The flags that set something, as they were given. */
export interface SettingFlags {
  readonly address?: string;
  readonly 'id-token-variable'?: string;
  readonly role?: string;
  readonly 'auth-path'?: string;
  readonly namespace?: string;
  readonly 'ca-file'?: string;
  readonly timeout?: string;
  readonly retries?: string;
  readonly revoke?: boolean;
}

/** The settings of a run, frozen. */
export interface Settings {
  readonly endpoint: Endpoint;
  readonly session: SessionSettings;
  readonly idTokenVariable: string;
  /** The job's own Vault token, where it has one. */
  readonly ownToken: Secret | undefined;
  readonly trust: TrustSettings;
  readonly proxy: ProxySettings;
  /** Milliseconds. */
  readonly timeout: number;
  readonly retries: number;
  readonly revoke: boolean;
  /** What the user should know before the run begins. */
  readonly warnings: readonly string[];
}

const ADDRESS_HINT =
  'set it as a CI/CD variable of the group, so that all its projects have it: VAULT_ADDR=https://vault.example.com';

/**
 * Settles every setting.
 * @throws {AppError} CONFIG for a missing or wrong one
 */
export function readSettings(flags: SettingFlags, environment: Environment): Settings {
  const find = finder(environment);
  const endpoint = readEndpoint(flags, environment);
  const skipVerify = readSwitch(find('VAULT_SKIP_VERIFY'));
  return Object.freeze({
    endpoint,
    session: readSession(flags, find, environment),
    idTokenVariable: readVariableName(flags['id-token-variable'] ?? 'VAULT_ID_TOKEN'),
    ownToken: readToken(find('VAULT_TOKEN')),
    trust: {
      caFile:
        flags['ca-file'] === undefined
          ? readPath(multiline(environment, 'VAULT_CACERT'))
          : { name: '--ca-file', value: flags['ca-file'] },
      caBytes: multiline(environment, 'VAULT_CACERT_BYTES'),
      caFolder: find('VAULT_CAPATH'),
      systemFile: find('SSL_CERT_FILE')?.value,
      systemFolder: find('SSL_CERT_DIR')?.value,
      clientCertificate: find('VAULT_CLIENT_CERT'),
      clientKey: find('VAULT_CLIENT_KEY'),
      serverName: find('VAULT_TLS_SERVER_NAME')?.value,
      skipVerify,
    },
    proxy: {
      always: find('VAULT_PROXY_ADDR'),
      forHttps: find('HTTPS_PROXY', 'https_proxy'),
      forHttp: find('HTTP_PROXY', 'http_proxy'),
      except: find('NO_PROXY', 'no_proxy')?.value ?? '',
    },
    timeout: readDuration(flags.timeout, '--timeout', find('VAULT_CLIENT_TIMEOUT')),
    retries: readRetries(flags.retries, find('VAULT_MAX_RETRIES')),
    revoke: flags.revoke ?? true,
    warnings: warningsFor(endpoint, skipVerify),
  });
}

type Find = (...names: string[]) => NamedValue | undefined;

/** Finds the first of some variables that is set and not empty. */
function finder(environment: Environment): Find {
  return (...names) => {
    for (const name of names) {
      const value = environment[name];
      if (value !== undefined && value !== '') return { name, value: withoutControls(value, name) };
    }
    return undefined;
  };
}

function readEndpoint(flags: SettingFlags, environment: Environment): Endpoint {
  if (flags.address !== undefined && flags.address !== '')
    return parseAddress(withoutControls(flags.address, '--address'), '--address');
  const found = finder(environment)('BAO_ADDR', 'VAULT_ADDR', 'VAULT_SERVER_URL');
  if (found !== undefined) return parseAddress(found.value, found.name);
  const state = environment['VAULT_ADDR'] === '' ? 'is empty' : 'is not set';
  const isProtected = environment['CI_COMMIT_REF_PROTECTED'] === 'false';
  const hint = isProtected
    ? `${ADDRESS_HINT}\n    this job's ref is not protected: a variable marked "protected" does not reach it`
    : ADDRESS_HINT;
  throw new AppError('CONFIG', `there is no address of Vault: VAULT_ADDR ${state}`, hint);
}

function readSession(flags: SettingFlags, find: Find, environment: Environment): SessionSettings {
  // An empty role is a choice (Vault's default_role), so it counts as set.
  const role = flags.role ?? environment['VAULT_AUTH_ROLE'] ?? environment['VAULT_ROLE'] ?? 'nexus-ci';
  const namespace = flags.namespace ?? find('VAULT_NAMESPACE')?.value;
  return {
    authPath: readAuthPath(
      withoutToken(flags['auth-path'] ?? find('VAULT_AUTH_PATH')?.value ?? 'jwt', 'the auth path'),
    ),
    role: withoutToken(filledIn(withoutControls(role, 'the role'), 'the role'), 'the role'),
    namespace:
      namespace === undefined || namespace === ''
        ? undefined
        : withoutToken(filledIn(headerText(namespace, 'the namespace'), 'the namespace'), 'the namespace'),
  };
}

// A server writes its paths, and what it is told, into logs.
function withoutToken(text: string, what: string): string {
  if (!holdsToken(text)) return text;
  throw new AppError(
    'CONFIG',
    `${what} holds a token, which is not sent anywhere`,
    'look for a variable that holds a token where a name belongs',
  );
}

function readVariableName(name: string): string {
  if (name !== '' && !/[=\u0000-\u001f\u007f]/.test(name)) return name;
  throw new AppError(
    'CONFIG',
    `--id-token-variable is ${quoted(name)}: no variable has that name`,
    'name the variable that id_tokens: sets',
  );
}

function readToken(variable: NamedValue | undefined): Secret | undefined {
  if (variable === undefined) return undefined;
  // Vault answers 500 to it, as if it were out of order.
  if (/^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(variable.value)) {
    throw new AppError(
      'CONFIG',
      `${variable.name} holds a JWT, such as an ID token: that is no Vault token`,
      `put the ID token into VAULT_ID_TOKEN, and leave ${variable.name} out`,
    );
  }
  if (/^[\x21-\x7e]+$/.test(variable.value)) return new Secret(variable.value);
  throw new AppError(
    'CONFIG',
    'VAULT_TOKEN holds a space or another character that no token has',
    'unset it to log in with the ID token',
  );
}

// `auth/jwt` is how `vault auth list` and policies write it, `jwt` how the CLI's -path does. Both are meant.
function readAuthPath(text: string): string[] {
  const segments = filledIn(withoutControls(text, 'the auth path'), 'the auth path')
    .replace(/^\/+|\/+$/g, '')
    .replace(/^auth\//, '')
    .split('/');
  if (
    segments.some(
      (segment) => segment === '' || segment === '.' || segment === '..' || !segment.isWellFormed(),
    )
  ) {
    throw new AppError(
      'CONFIG',
      `${quoted(text)} is not the path of an auth method`,
      'it looks like jwt or gitlab/jwt',
    );
  }
  return segments;
}

function warningsFor(endpoint: Endpoint, skipVerify: boolean): string[] {
  const warnings: string[] = [];
  if (endpoint.scheme === 'http' && !isLoopback(endpoint.host)) {
    warnings.push(
      `the address of ${printable(endpoint.host)} is http: tokens and secrets go over the network in plain text`,
    );
  }
  if (skipVerify && endpoint.scheme === 'https') {
    warnings.push('VAULT_SKIP_VERIFY is set: whoever answers gets the token');
  }
  return warnings;
}

function multiline(environment: Environment, name: string): NamedValue | undefined {
  const value = environment[name] ?? '';
  return value === '' ? undefined : { name, value };
}
