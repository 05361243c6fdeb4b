// Every setting of a run: from flags, else from the environment, else its default; checked before anything is sent.

import { whyUnfilled } from './ci-variables.ts';
import { AppError, printable, quoted } from './errors.ts';
import { type Endpoint, isLoopback } from './http/address.ts';
import type { ProxySettings } from './http/proxy.ts';
import type { TrustSettings } from './http/trust.ts';
import type { Environment, NamedValue } from './io.ts';
import { Secret } from './secret.ts';
import {
  filledVariable,
  finder,
  multiline,
  readBytes,
  readDuration,
  readPath,
  readProxies,
  readRetries,
  readSwitch,
  readVariableName,
} from './setting-values.ts';
import { readEndpoint } from './settings-endpoint.ts';
import { readSession } from './settings-session.ts';
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

/** Who the job is. */
export interface IdentitySettings {
  readonly idTokenVariable: string;
  /** The job's own Vault token, where it has one. */
  readonly ownToken: Secret | undefined;
}

/** How Vault is reached, and whom TLS trusts. */
export interface NetworkSettings {
  readonly trust: TrustSettings;
  readonly proxy: ProxySettings;
}

/** How long a run may take, how often it tries, and whether it ends its token. */
export interface LimitSettings {
  /** Milliseconds. */
  readonly timeout: number;
  readonly retries: number;
  readonly revoke: boolean;
}

/** All settings of a run, frozen. */
export interface Settings extends IdentitySettings, NetworkSettings, LimitSettings {
  readonly session: SessionSettings;
  readonly endpoint: Endpoint;
  /** What the user should know before the run begins. */
  readonly warnings: readonly string[];
}

/**
 * Settles every setting, the address first.
 * @throws {AppError} CONFIG for a missing or wrong one
 */
export function readSettings(flags: SettingFlags, environment: Environment): Settings {
  const endpoint = readEndpoint(flags, environment);
  const network = readNetwork(flags, environment);
  return Object.freeze({
    session: readSession(flags, environment),
    ...readIdentity(flags, environment),
    ...network,
    ...readLimits(flags, environment),
    endpoint,
    warnings: warningsFor(endpoint, network.trust.skipVerify),
  });
}

/** @throws {AppError} CONFIG */
export function readIdentity(flags: SettingFlags, environment: Environment): IdentitySettings {
  return {
    idTokenVariable: readVariableName(
      flags['id-token-variable'] ?? 'VAULT_ID_TOKEN',
      '--id-token-variable',
      'VAULT_ID_TOKEN',
    ),
    ownToken: readToken(finder(environment)('VAULT_TOKEN'), environment),
  };
}

/** @throws {AppError} CONFIG */
export function readNetwork(flags: SettingFlags, environment: Environment): NetworkSettings {
  const find = finder(environment);
  const filled = (variable: NamedValue | undefined) => filledVariable(variable, environment);
  const caFile =
    flags['ca-file'] === undefined
      ? multiline(environment, 'VAULT_CACERT')
      : { name: '--ca-file', value: flags['ca-file'] };
  return {
    trust: {
      caFile: filled(readPath(caFile)),
      caBytes: readBytes(filled(multiline(environment, 'VAULT_CACERT_BYTES'))),
      caFolder: filled(find('VAULT_CAPATH')),
      systemFile: find('SSL_CERT_FILE')?.value,
      systemFolder: find('SSL_CERT_DIR')?.value,
      clientCertificate: filled(find('VAULT_CLIENT_CERT')),
      clientKey: filled(find('VAULT_CLIENT_KEY')),
      serverName: filled(find('VAULT_TLS_SERVER_NAME'))?.value,
      skipVerify: readSwitch(find('VAULT_SKIP_VERIFY')),
    },
    proxy: {
      always: filled(find('VAULT_PROXY_ADDR')),
      ...readProxies(environment),
    },
  };
}

/** @throws {AppError} CONFIG */
export function readLimits(flags: SettingFlags, environment: Environment): LimitSettings {
  const find = finder(environment);
  return {
    timeout: readDuration(flags.timeout, '--timeout', find('VAULT_CLIENT_TIMEOUT')),
    retries: readRetries(flags.retries, find('VAULT_MAX_RETRIES')),
    revoke: flags.revoke ?? true,
  };
}

function readToken(variable: NamedValue | undefined, environment: Environment): Secret | undefined {
  if (variable === undefined) return undefined;
  const { name, value } = variable;
  // Vault answers 500 to it, as if it were out of order.
  if (/^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(value)) {
    throw new AppError(
      'CONFIG',
      `${name} holds a JWT, such as an ID token: that is no Vault token`,
      `put the ID token into VAULT_ID_TOKEN, and leave ${name} out`,
    );
  }
  // Nothing but another variable's name is shown, and such are in upper case: anything else may be a token.
  if (/^\$+(?:[A-Z_][A-Z0-9_]{0,99}|\{[A-Z_][A-Z0-9_]{0,99}\})$/.test(value)) {
    throw new AppError(
      'CONFIG',
      `${name} is ${quoted(value)}: a variable that was never filled in`,
      `leave ${name} out to log in with the ID token; ${whyUnfilled(value, name, environment)}`,
    );
  }
  // Of these Vault says 500 as well, or that it does not know them.
  const odd = /^["'`]|["'`]$/.test(value)
    ? 'has quotes around it'
    : /^[\x21-\x7e]+$/.test(value)
      ? undefined
      : 'holds a space or another character that no token has';
  if (odd === undefined) return new Secret(value);
  throw new AppError('CONFIG', `${name} ${odd}`, 'mend it, or unset it to log in with the ID token');
}

/** What the user should know of where Vault is, and of whom is trusted. */
export function warningsFor(endpoint: Endpoint, skipVerify: boolean): string[] {
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
