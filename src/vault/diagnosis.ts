// Why Vault refused: its answer, the token's claims and the request → AppError.
//
// Vault never says what it expected nor what it got. The claims tell what it got, so each message shows them beside the
// refusal.

import { AppError, printable, quoted } from '../errors.ts';
import { type IdToken, shownClaim } from '../gitlab/id-token.ts';
import { member, stringMember } from '../json.ts';
import { isUnknownToken, type VaultAnswer } from './answer.ts';
import { EMPTY_NAME, LOGIN_ROWS, type LoginFacts } from './login-rows.ts';
import type { ReadPlan, SessionSettings } from './requests.ts';

/** Explains a login that Vault did not accept. */
export function loginRefused(answer: VaultAnswer, settings: SessionSettings, idToken: IdToken): AppError {
  const text = wordsOf(answer);
  const unavailable = EMPTY_NAME.test(text) ? undefined : notServing(answer);
  if (unavailable !== undefined) return unavailable;
  for (const { says, code = 'LOGIN_DENIED', message, hint } of LOGIN_ROWS) {
    const match = says.exec(text);
    if (match === null) continue;
    const facts: LoginFacts = {
      role: settings.role === '' ? '(the default)' : quoted(settings.role),
      authPath: printable(settings.authPath.join('/')),
      namespace: quoted(settings.namespace ?? ''),
      variable: idToken.variable,
      claim: (name) => shownClaim(idToken.claims, name),
      found: match[1] ?? '',
    };
    return new AppError(code, `login refused: ${message(facts)}`, hint(facts));
  }
  return new AppError(
    'LOGIN_DENIED',
    `login refused by Vault (${answer.status})${vaultsWords(answer)}`,
    'check the role, the audience and the auth path',
  );
}

/** Explains a read that gave no secret. */
export function readRefused(answer: VaultAnswer, plan: ReadPlan, idToken: IdToken | undefined): AppError {
  const unavailable = notServing(answer);
  if (unavailable !== undefined) return unavailable;
  const path = printable(plan.path.join('/'));
  const text = wordsOf(answer);
  if (answer.status === 403) {
    if (isUnknownToken(answer)) {
      if (idToken === undefined) {
        return new AppError(
          'PERMISSION_DENIED',
          'Vault does not know the token in VAULT_TOKEN: it is wrong, expired, revoked or used up',
          'unset VAULT_TOKEN to log in with the ID token; behind an Agent, look at its auto-auth',
        );
      }
      return new AppError(
        'PERMISSION_DENIED',
        'Vault does not know the token that the login gave: it is expired, revoked or used up',
        'whoever owns the role must look at its token_ttl and token_num_uses',
      );
    }
    return new AppError(
      'PERMISSION_DENIED',
      `the token's policies do not allow to read ${path}, or there is no such path`,
      `check the path; then let whoever owns the policy allow it, without min_wrapping_ttl:\n    path "${path}" { capabilities = ["read"] }`,
    );
  }
  if (answer.status === 404) return notFound(answer, plan, path, text);
  if (answer.status === 405 || /unsupported operation/.test(text)) {
    return new AppError(
      'SECRET_NOT_FOUND',
      `${path} cannot be read: the engine there does not answer that`,
      'check the path',
    );
  }
  if (answer.status === 400 && /token had one use left/.test(text)) {
    return new AppError(
      'PERMISSION_DENIED',
      `the token's last use is too little for ${path}: its lease would end at once`,
      'whoever owns the role must raise its token_num_uses',
    );
  }
  if (answer.status === 400) {
    return new AppError(
      'SECRET_NOT_FOUND',
      `Vault cannot make sense of the read of ${path}${vaultsWords(answer)}`,
      'check the path',
    );
  }
  return new AppError('BAD_RESPONSE', `Vault answered ${answer.status} for ${path}${vaultsWords(answer)}`);
}

function notFound(answer: VaultAnswer, plan: ReadPlan, path: string, text: string): AppError {
  const metadata = member(member(answer.json, 'data'), 'metadata');
  if (member(metadata, 'destroyed') === true) {
    return new AppError(
      'SECRET_NOT_FOUND',
      `this version of ${path} was destroyed`,
      'ask for another: PATH?version=N#FIELD',
    );
  }
  const deleted = stringMember(metadata, 'deletion_time') ?? '';
  if (deleted !== '') {
    const when = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.exec(deleted)?.[0];
    return new AppError(
      'SECRET_NOT_FOUND',
      `this version of ${path} was deleted${when === undefined ? '' : ` at ${when}Z`}`,
      'ask for another (PATH?version=N#FIELD), or have it undeleted: vault kv undelete',
    );
  }
  if (/Invalid path for a versioned K\/V secrets engine/.test(text)) {
    const [mount = '', ...rest] = plan.path;
    return new AppError(
      'SECRET_NOT_FOUND',
      `${path} is on a KV v2 engine, where secrets are below /data/`,
      `write ${printable([mount, 'data', ...rest].join('/'))}`,
    );
  }
  if (/no handler for route/.test(text)) {
    return new AppError(
      'SECRET_NOT_FOUND',
      `there is no secrets engine for ${path}`,
      'check the mount: the first part of the path',
    );
  }
  if (/unsupported path/.test(text)) {
    return new AppError('SECRET_NOT_FOUND', `the engine does not know the path ${path}`, 'check the path');
  }
  const version = plan.version === undefined ? '' : `, or it has no version ${plan.version}`;
  return new AppError(
    'SECRET_NOT_FOUND',
    `there is no secret at ${path}${version}`,
    'check the path, upper and lower case included',
  );
}

/** What is no refusal: Vault is not there to answer. Undefined where it is. */
function notServing(answer: VaultAnswer): AppError | undefined {
  const { status } = answer;
  const text = wordsOf(answer);
  if (status === 429) {
    return new AppError(
      'UNAVAILABLE',
      `Vault refuses more requests for now (429)${vaultsWords(answer)}`,
      'try again later, or let whoever owns Vault raise the quota',
    );
  }
  if (status === 412) {
    return new AppError(
      'UNAVAILABLE',
      `Vault is behind or asks for more (412)${vaultsWords(answer)}`,
      'try again later',
    );
  }
  if (status < 500 || /malformed JSON/i.test(text)) return undefined;
  if (status === 501) {
    return new AppError(
      'UNAVAILABLE',
      'Vault is not initialised: it has no secrets yet',
      'whoever runs Vault must initialise it',
    );
  }
  if (/sealed/i.test(text)) {
    return new AppError(
      'UNAVAILABLE',
      'Vault is sealed: it answers nobody',
      'whoever runs Vault must unseal it',
    );
  }
  return new AppError(
    'UNAVAILABLE',
    `Vault cannot answer now (${status})${vaultsWords(answer)}`,
    'try again later',
  );
}

// Cut before it is matched: Vault says everything in a line, and whoever sends megabytes is not to be waited for.
function wordsOf({ errors }: VaultAnswer): string {
  return errors.join('\n').slice(0, 2000);
}

function vaultsWords({ errors }: VaultAnswer): string {
  const words = errors.join('; ').slice(0, 2000).replace(/\s+/g, ' ').trim();
  return words === '' ? '' : `: ${printable(words)}`;
}
