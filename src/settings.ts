// Every setting of a run: from flags, else from the environment, else its default; checked before anything is sent.

import { whyUnfilled } from './ci-variables.ts';
import { AppError, holdsToken, printable, quoted } from './errors.ts';
import { type Endpoint, isLoopback } from './http/address.ts';
import type { ProxySettings } from './http/proxy.ts';
import type { TrustSettings } from './http/trust.ts';
import type { Environment, NamedValue } from './io.ts';
import { Secret } from './secret.ts';
import { readDuration, readPath, readRetries, readSwitch, withoutControls } from './setting-values.ts';
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

/** The settings that do not say where Vault is, frozen. */
export interface OtherSettings {
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
}

/** All settings of a run, frozen. */
export interface Settings extends OtherSettings {
  readonly endpoint: Endpoint;
  /** The flag or variable that the address came from, such as `VAULT_ADDR`. */
  readonly addressSource: string;
  /** What the user should know before the run begins. */
  readonly warnings: readonly string[];
}

/**
 * Settles every setting, the address first.
 * @throws {AppError} CONFIG for a missing or wrong one
 */
export function readSettings(flags: SettingFlags, environment: Environment): Settings {
  const { endpoint, source } = readEndpoint(flags, environment);
  const others = readOtherSettings(flags, environment);
  return Object.freeze({
    ...others,
    endpoint,
    addressSource: source,
    warnings: warningsFor(endpoint, others.trust.skipVerify),
  });
}

/**
 * Settles every setting but the address, which `readEndpoint` does.
 * @throws {AppError} CONFIG for a missing or wrong one
 */
export function readOtherSettings(flags: SettingFlags, environment: Environment): OtherSettings {
  const find = finder(environment);
  const skipVerify = readSwitch(find('VAULT_SKIP_VERIFY'));
  return Object.freeze({
    session: readSession(flags, environment),
    idTokenVariable: readVariableName(flags['id-token-variable'] ?? 'VAULT_ID_TOKEN'),
    ownToken: readToken(find('VAULT_TOKEN'), environment),
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

function readVariableName(name: string): string {
  if (holdsToken(name)) {
    throw new AppError(
      'CONFIG',
      '--id-token-variable holds a token: it takes the name of the variable',
      'write --id-token-variable VAULT_ID_TOKEN, without a $',
    );
  }
  const named = /^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$/.exec(name)?.[1];
  if (name !== '' && named === undefined && !/[=\u0000-\u001f\u007f]/.test(name)) return name;
  throw new AppError(
    'CONFIG',
    `--id-token-variable is ${quoted(name)}: no variable has that name`,
    named === undefined
      ? 'name the variable that id_tokens: sets'
      : `write --id-token-variable ${printable(named)}, without a $`,
  );
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
  // Nothing but the other variable's name is shown: anything else may be a token.
  if (/^\$+(?:[A-Za-z_]\w{0,99}|\{[A-Za-z_]\w{0,99}\})$/.test(value)) {
    throw new AppError(
      'CONFIG',
      `${name} is ${quoted(value)}: a variable that was never filled in`,
      `leave ${name} out to log in with the ID token; ${whyUnfilled(value, name, environment)}`,
    );
  }
  if (/^[\x21-\x7e]+$/.test(value)) return new Secret(value);
  throw new AppError(
    'CONFIG',
    `${name} holds a space or another character that no token has`,
    'unset it to log in with the ID token',
  );
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

function multiline(environment: Environment, name: string): NamedValue | undefined {
  const value = environment[name] ?? '';
  return value === '' ? undefined : { name, value };
}
