// Where and as whom a job logs in: auth path, role and namespace, from flags or the environment.

import { AppError, holdsToken, printable, quoted } from './errors.ts';
import type { Environment, NamedValue } from './io.ts';
import { filledIn, headerText, withoutControls } from './setting-values.ts';
import type { SessionSettings } from './vault/requests.ts';

interface SessionFlags {
  readonly role?: string | undefined;
  readonly 'auth-path'?: string | undefined;
  readonly namespace?: string | undefined;
}

/**
 * Settles what a login says.
 * @throws {AppError} CONFIG
 */
export function readSession(flags: SessionFlags, environment: Environment): SessionSettings {
  // An empty role is a choice (Vault's default_role), so it counts as set.
  const role = firstOf(
    { name: '--role', value: flags.role },
    ...['VAULT_AUTH_ROLE', 'VAULT_ROLE'].map((name) => ({ name, value: environment[name] })),
  ) ?? { name: '--role', value: 'nexus-ci' };
  const namespace = firstOf(
    { name: '--namespace', value: flags.namespace },
    { name: 'VAULT_NAMESPACE', value: environment['VAULT_NAMESPACE'] },
  );
  const authPath = firstOf(
    { name: '--auth-path', value: flags['auth-path'] },
    { name: 'VAULT_AUTH_PATH', value: environment['VAULT_AUTH_PATH'] || undefined },
  ) ?? { name: '--auth-path', value: 'jwt' };
  return {
    authPath: readAuthPath(authPath, environment),
    role: checked(role, 'the role', withoutControls, environment),
    namespace:
      namespace === undefined || namespace.value === ''
        ? undefined
        : checked(namespace, 'the namespace', headerText, environment),
  };
}

function firstOf(...given: readonly { name: string; value: string | undefined }[]): NamedValue | undefined {
  for (const { name, value } of given) if (value !== undefined) return { name, value };
  return undefined;
}

function checked(
  { name, value }: NamedValue,
  kind: string,
  check: (value: string, name: string) => string,
  environment: Environment,
): string {
  const what = `${kind} (${name})`;
  const text = filledIn(check(value, what), what, environment, name);
  if (/^["'`]|["'`]$/.test(text)) {
    throw new AppError(
      'CONFIG',
      `${what} is ${quoted(text)}: it has quotes around it`,
      `write ${name} without them`,
    );
  }
  if (text !== text.trim()) {
    throw new AppError(
      'CONFIG',
      `${what} is ${quoted(text)}: there is a space at an end of it`,
      'take it away',
    );
  }
  if (!holdsToken(text)) return text;
  // A server writes its paths, and what it is told, into logs.
  throw new AppError(
    'CONFIG',
    `${what} holds a token, which is not sent anywhere`,
    `${name} takes a name: tokens go into VAULT_ID_TOKEN or VAULT_TOKEN`,
  );
}

// `auth/jwt` is how `vault auth list` and policies write it, `jwt` how the CLI's -path does. Both are meant.
function readAuthPath(given: NamedValue, environment: Environment): string[] {
  const segments = checked(given, 'the auth path', withoutControls, environment)
    .replace(/^\/+|(?<!\/)\/+$/g, '')
    .replace(/^auth\//, '')
    .split('/');
  if (segments.length > 1 && segments.at(-1) === 'login') {
    const path = segments.slice(0, -1).join('/');
    throw new AppError(
      'CONFIG',
      `${given.name} is ${quoted(given.value)}: leave /login off`,
      `write ${printable(path)}`,
    );
  }
  if (
    segments.some(
      (segment) => segment === '' || segment === '.' || segment === '..' || !segment.isWellFormed(),
    )
  ) {
    throw new AppError(
      'CONFIG',
      `${given.name} is ${quoted(given.value)}: that is not the path of an auth method`,
      `${given.name} looks like jwt or gitlab/jwt`,
    );
  }
  return segments;
}
