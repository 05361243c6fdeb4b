// Why a job has no ID token, and how it gets one: GitLab issues one where the job declares it (`id_tokens:`), under the
// name that the job gives it.

import { AppError, printable } from '../errors.ts';
import type { Environment } from '../io.ts';
import { shownClaim } from './claims.ts';
import { decodeClaims } from './jwt.ts';

/** Who can say what to put into `aud:`. It is never guessed at: a wrong one is refused as one is that is forged. */
export const WHO_KNOWS = 'whoever owns the role knows its audience (bound_audiences)';

// GitLab 17.0 removed them.
const OLD_TOKENS = ['CI_JOB_JWT_V2', 'CI_JOB_JWT_V1', 'CI_JOB_JWT'];
const LONGEST_TOKEN = 65_536;

/** The YAML that makes GitLab issue the token, indented for a hint. */
export function idTokensBlock(variable: string): string {
  return `    id_tokens:\n      ${printable(variable)}:\n        aud: THE_AUDIENCE_THAT_VAULT_EXPECTS`;
}

/** A variable whose name is the user's: `constructor` is in every object, and in no environment. */
export function variableIn(variable: string, environment: Environment): string | undefined {
  return Object.hasOwn(environment, variable) ? environment[variable] : undefined;
}

/** Explains that a variable holds no ID token, and looks for one under another name. */
export function missing(variable: string, environment: Environment): AppError {
  const name = printable(variable);
  const old = OLD_TOKENS.find((token) => (variableIn(token, environment) ?? '') !== '');
  const isSet = variableIn(variable, environment) !== undefined;
  const others = idTokensIn(environment, variable);
  // Nothing tells whether an outer civault took it away.
  const byExec =
    isSet || others.length > 0 ? '' : ' (under civault exec, --keep-vault-env leaves the outer one there)';
  const lines = [
    ...others,
    ...(readsNoBaoToken(environment)
      ? ['BAO_TOKEN is not read: a token of your own goes into VAULT_TOKEN']
      : []),
    `${others.length > 0 ? 'or ' : ''}declare it in the job${byExec}; ${WHO_KNOWS}:\n${idTokensBlock(variable)}`,
  ];
  return new AppError(
    'ID_TOKEN_MISSING',
    `there is no ID token: ${name} ${isSet ? 'is empty' : 'is not set'}${
      old === undefined
        ? ''
        : ` (${old} is there, but is not taken: GitLab gave up such tokens in version 17)`
    }`,
    lines.join('\n  '),
  );
}

// Variables of GitLab's own (CI_…) are other tokens: CI_JOB_TOKEN, and in old versions CI_JOB_JWT.
function idTokensIn(environment: Environment, but: string): string[] {
  const found: string[] = [];
  for (const name of Object.keys(environment).sort()) {
    if (found.length === 3) break;
    // Sigstore's is for nobody else.
    if (name === but || name === 'SIGSTORE_ID_TOKEN' || !/^(?!CI_)[A-Za-z_]\w{0,63}$/.test(name)) continue;
    const value = environment[name]?.trim() ?? '';
    const claims = value.length <= LONGEST_TOKEN ? decodeClaims(value) : undefined;
    if (claims === undefined || !claims.has('iss') || !claims.has('aud')) continue;
    found.push(`${name} holds an ID token for ${shownClaim(claims, 'aud')}: --id-token-variable ${name}`);
  }
  return found;
}

function readsNoBaoToken(environment: Environment): boolean {
  return (environment['BAO_TOKEN'] ?? '') !== '' && (environment['VAULT_TOKEN'] ?? '') === '';
}
