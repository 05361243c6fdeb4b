// civault docker-login REGISTRY REF...: credentials of registries into Docker's config.json, without Docker.

import { dirname } from 'node:path';
import { AppError, printable, quoted } from '../errors.ts';
import { EXIT_OK } from '../exit-codes.ts';
import {
  addLogins,
  basicAuth,
  type RegistryLogin,
  registryKey,
  unusedLogins,
} from '../output/docker-config.ts';
import { dockerConfigPath, makeFolder, readConfig } from '../output/docker-config-file.ts';
import { assertWritable, removeLeftovers, writeFile } from '../output/file.ts';
import { withLock } from '../output/lock.ts';
import { selectField } from '../vault/fields.ts';
import {
  type Field,
  formatField,
  formatReference,
  parseField,
  parseReference,
  type Reference,
  secretPath,
} from '../vault/reference.ts';
import type { SecretRead } from '../vault/secrets.ts';
import type { Command, Context } from './command.ts';
import { withSecrets } from './vault-run.ts';

export const dockerLogin: Command = {
  grammar: { values: ['username-field', 'password-field'] },
  run: async ({ positionals, flags, own }, context) => {
    const names = {
      user: fieldOf(own['username-field'] ?? 'username', '--username-field'),
      password: fieldOf(own['password-field'] ?? 'password', '--password-field'),
    };
    const pairs = parsePairs(positionals, names);
    const path = dockerConfigPath(context.environment);
    // All of this would be found out later as well, but then a login and a lease were for nothing.
    makeFolder(dirname(path));
    readConfig(path);
    assertWritable(path);
    await withSecrets(
      pairs.map(({ reference }) => reference),
      flags,
      context,
      (secrets, { remaining }) => writeLogins(path, makeLogins(pairs, secrets, names), remaining, context),
    );
    return EXIT_OK;
  },
};

/** A registry, by its key, and the secret with its credentials. */
interface Pair {
  readonly key: string;
  readonly reference: Reference;
}

/** Which fields of a secret hold the credentials. */
interface FieldNames {
  readonly user: Field;
  readonly password: Field;
}

function fieldOf(text: string, flag: string): Field {
  try {
    return parseField(text, text);
  } catch (error) {
    const hint = 'in a JSON Pointer ~ stands only as ~0 (for ~) or ~1 (for /)';
    throw new AppError('USAGE', `${flag} is ${quoted(text)}: not a field's name`, hint, error);
  }
}

function parsePairs(positionals: readonly string[], names: FieldNames): readonly Pair[] {
  const help = 'see: civault docker-login --help';
  if (positionals.length === 0) throw new AppError('USAGE', 'docker-login needs a REGISTRY and a REF', help);
  if (positionals.length % 2 !== 0) {
    throw new AppError(
      'USAGE',
      'docker-login takes pairs of REGISTRY and REF: an argument is missing, or one too many',
      'each REGISTRY is followed by its REF; a variable that is not set is no argument unless it is quoted',
    );
  }
  const pairs: Pair[] = [];
  for (let at = 0; at < positionals.length; at += 2) {
    const [registry = '', text = ''] = positionals.slice(at, at + 2);
    const key = registryKey(registry);
    const reference = parseReference(text);
    if (reference.field !== undefined) throw notWhole(text, reference, names);
    if (pairs.some((pair) => pair.key === key)) {
      throw new AppError('USAGE', `the registry ${key} is given twice`, 'it has one user name and password');
    }
    pairs.push({ key, reference });
  }
  return pairs;
}

function notWhole(text: string, reference: Reference, names: FieldNames): AppError {
  const { mount, path, version } = reference;
  const whole = formatReference({
    path: mount === undefined ? path : [...mount, 'data', ...path],
    mount: undefined,
    version,
    field: undefined,
  });
  const flags = `--username-field ${nameOf(names.user)} --password-field ${nameOf(names.password)}`;
  return new AppError(
    'USAGE',
    `${quoted(text)} names a field: docker-login takes the whole secret`,
    `write ${printable(whole)}; flags say which fields it takes: ${printable(flags)}`,
  );
}

function nameOf(field: Field): string {
  return formatField(field).slice(1);
}

function makeLogins(
  pairs: readonly Pair[],
  secrets: readonly SecretRead[],
  names: FieldNames,
): readonly RegistryLogin[] {
  return pairs.map(({ key, reference }, index) => {
    const fields = secrets[index]?.fields;
    if (fields === undefined) throw new Error('a registry without its secret');
    const where = secretPath(reference);
    const auth = basicAuth(
      selectField(fields, names.user, where),
      selectField(fields, names.password, where),
      { user: `${where}${formatField(names.user)}`, password: `${where}${formatField(names.password)}` },
    );
    return { key, auth };
  });
}

async function writeLogins(
  path: string,
  logins: readonly RegistryLogin[],
  remaining: () => number,
  { environment, io }: Context,
): Promise<void> {
  const config = await withLock(path, { ...io, remaining }, (target) => {
    const old = readConfig(path);
    removeLeftovers(target);
    writeFile(path, addLogins(old, logins), io);
    return old;
  });
  const keys = logins.map(({ key }) => key);
  for (const key of keys) io.writeMessage(`wrote the credentials of ${key} to ${printable(path)}`);
  const warnings = unusedLogins(config, keys, path, environment['DOCKER_AUTH_CONFIG']);
  for (const warning of warnings) io.writeMessage(`warning: ${warning}`);
}
