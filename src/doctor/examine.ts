// The doctor's order: from the address to each secret, one step after the other. What an earlier one lacks, a later one is
// left out for, and the rest goes on.

import type { Context } from '../commands/command.ts';
import { findCredential, openClient } from '../commands/vault-run.ts';
import { printable, quoted } from '../errors.ts';
import { type Endpoint, originOf } from '../http/address.ts';
import { proxyFor } from '../http/proxy.ts';
import { prepareTrust } from '../http/trust.ts';
import { orCutShort } from '../io.ts';
import { type OtherSettings, readOtherSettings, type SettingFlags } from '../settings.ts';
import { type EndpointSetting, readEndpoint } from '../settings-endpoint.ts';
import type { Reference } from '../vault/reference.ts';
import type { Credential } from '../vault/session.ts';
import { clockStep, idTokenStep } from './identity.ts';
import { unread } from './secrets.ts';
import { askHealth, type Health, WAY, type Way } from './server.ts';
import { attempt, fail, type Outcome, ok, type Step, skip, type Tell } from './step.ts';
import { tryToken } from './token.ts';

// All is over within 15 s, whatever hangs: the end of the token may take another 2 s.
const ALL_WITHIN = 12_000;

/** Looks at everything between a job and its secrets. A token that it logs in for is ended, however it ends. */
export async function examine(
  references: readonly Reference[],
  flags: SettingFlags,
  context: Context,
  tell: Tell,
): Promise<void> {
  const { environment, io } = context;
  const address = attempt(() => readEndpoint(flags, environment));
  tell('error' in address ? fail('address', address.error) : addressStep(address.value));
  const endpoint = 'value' in address ? address.value.endpoint : undefined;
  const prepared = attempt(() => prepare(flags, context, endpoint));
  tell('error' in prepared ? fail('settings', prepared.error) : settingsStep(prepared.value));
  const { settings, way } = 'value' in prepared ? prepared.value : {};
  const lacking = endpoint === undefined ? 'address' : 'settings';

  const timeout = Math.min(settings?.timeout ?? ALL_WITHIN, ALL_WITHIN);
  const client =
    way &&
    settings &&
    openClient({ ...settings, endpoint: way.endpoint, timeout, retries: 0 }, way.trust, io);
  try {
    const health = client && way ? await orCutShort(askHealth(client, way, io.now()), io) : noWay(lacking);
    health.steps.forEach(tell);

    const credential = settings && attempt(() => findCredential(settings, endpoint, environment, io.now()));
    tell(credentialStep(credential, io.now()));
    tell(clockStep(health.answer, io.now()));

    const obstacle =
      health.obstacle ?? (credential && 'value' in credential ? undefined : 'not without the ID token');
    if (client && settings && credential && 'value' in credential && obstacle === undefined) {
      await tryToken({ client, settings, credential: credential.value, references, io }, tell);
    } else {
      const why = obstacle ?? `not without the ${lacking}`;
      tell(skip('login', why));
      for (const reference of references) tell(unread(reference, 'not without a login'));
    }
  } finally {
    client?.close();
  }
}

interface Prepared {
  readonly settings: OtherSettings;
  /** Undefined where there is no address. */
  readonly way: Way | undefined;
}

function prepare(
  flags: SettingFlags,
  { environment, io }: Context,
  endpoint: Endpoint | undefined,
): Prepared {
  const settings = readOtherSettings(flags, environment);
  const trust = prepareTrust(settings.trust, io);
  const { serverName } = settings.trust;
  const way = endpoint && { endpoint, proxy: proxyFor(endpoint, settings.proxy), trust, serverName };
  return { settings, way };
}

function noWay(lacking: string): Health {
  const why = `not without the ${lacking}`;
  return { steps: WAY.map((name) => skip(name, why)), answer: undefined, obstacle: why };
}

function addressStep({ endpoint, source }: EndpointSetting): Step {
  const address = printable(originOf(endpoint) + endpoint.basePath);
  return ok('address', `${address}, from ${source}`, { facts: { address, source } });
}

function settingsStep({ settings, way }: Prepared): Step {
  const { role, authPath, namespace } = settings.session;
  const path = `auth/${printable(authPath.join('/'))}`;
  const parts = [
    role === '' ? 'no role' : `role ${quoted(role)}`,
    path,
    ...(namespace === undefined ? [] : [`namespace ${quoted(namespace)}`]),
    ...(way?.proxy === undefined ? [] : [`proxy from ${way.proxy.source}`]),
    ...(settings.trust.skipVerify ? ['VAULT_SKIP_VERIFY: whoever answers gets the token'] : []),
  ];
  return ok('settings', parts.join(', '), {
    facts: {
      role: printable(role),
      auth_path: path,
      namespace: namespace === undefined ? undefined : printable(namespace),
      proxy: way?.proxy?.source,
    },
  });
}

function credentialStep(credential: Outcome<Credential> | undefined, now: number): Step {
  if (credential === undefined) return skip('ID token', 'not without the settings');
  if ('error' in credential) return fail('ID token', credential.error);
  if (credential.value.kind === 'token') return skip('ID token', 'VAULT_TOKEN is used in its place');
  if (credential.value.kind === 'agent') return skip('ID token', 'the Vault Agent adds a token of its own');
  return idTokenStep(credential.value.idToken, now);
}
