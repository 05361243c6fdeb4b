// Where Vault is: the address, from a flag or the environment, and why there is none.

import { VARIABLES_PAGE, whyNotHere } from './ci-variables.ts';
import { AppError } from './errors.ts';
import { type Endpoint, parseAddress } from './http/address.ts';
import type { Environment } from './io.ts';

// In the order in which they count.
const VARIABLES = ['BAO_ADDR', 'VAULT_ADDR', 'VAULT_SERVER_URL'] as const;

/**
 * Settles the address. An empty one counts as none.
 * @throws {AppError} CONFIG where there is none, or a wrong one
 */
export function readEndpoint(
  flags: { readonly address?: string | undefined },
  environment: Environment,
): Endpoint {
  const given = [
    { source: '--address', value: flags.address },
    ...VARIABLES.map((source) => ({ source, value: environment[source] })),
  ];
  for (const { source, value = '' } of given) {
    if (value !== '') return parseAddress(value, source, environment);
  }
  const isEmpty = environment['VAULT_ADDR'] === '';
  const others = given.filter(({ source, value }) => source !== 'VAULT_ADDR' && value === '');
  const states = [
    `VAULT_ADDR is ${isEmpty ? 'empty' : 'not set'}`,
    ...others.map(({ source }) => `${source} is empty`),
  ];
  const hint = isEmpty
    ? `an empty one of the project or the pipeline hides the one in ${VARIABLES_PAGE}: VAULT_ADDR=https://vault.example.com`
    : `set it in ${VARIABLES_PAGE}, so that all its projects have it: VAULT_ADDR=https://vault.example.com`;
  throw new AppError(
    'CONFIG',
    `there is no address of Vault: ${states.join(', ')}`,
    `${hint}${whyNotHere(environment)}`,
  );
}
