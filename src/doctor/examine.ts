// The doctor's order: from the address to each secret, one step after the other. What an earlier one lacks, a later one is
// left out for, and the rest goes on.

import type { Context } from '../commands/command.ts';
import { findCredential, openClient } from '../commands/vault-run.ts';
import type { Client } from '../http/client.ts';
import { startDeadline } from '../http/deadline.ts';
import { proxyFor } from '../http/proxy.ts';
import { prepareTrust } from '../http/trust.ts';
import { type Io, orCutShort } from '../io.ts';
import { type LimitSettings, readIdentity, readLimits, readNetwork, type SettingFlags } from '../settings.ts';
import { readEndpoint } from '../settings-endpoint.ts';
import { readSession } from '../settings-session.ts';
import type { Reference } from '../vault/reference.ts';
import { clockStep, credentialStep } from './identity.ts';
import { unread } from './secrets.ts';
import { askHealth, type Health, WAY, type Way } from './server.ts';
import { addressStep, settingsStep } from './settings.ts';
import { attempt, fail, given, skip, type Tell } from './step.ts';
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

  const endpoint = given(address);
  const session = attempt(() => readSession(flags, environment));
  const identity = attempt(() => readIdentity(flags, environment));
  const limits = attempt(() => readLimits(flags, environment));
  const way = attempt(() => findWay(flags, context, endpoint));
  const wrong = [session, identity, limits, way].flatMap((part) => ('error' in part ? [part.error] : []));
  for (const error of wrong) tell(fail('settings', error));
  if (wrong.length === 0) tell(settingsStep(given(session), given(way)));

  const open = await openWay(given(way), given(limits), io);
  try {
    const health =
      open === undefined
        ? noWay(endpoint === undefined ? 'address' : 'settings')
        : await orCutShort(askHealth(open.client, open.way, io.now()), io);
    health.steps.forEach(tell);

    const known = given(identity);
    const credential = known && attempt(() => findCredential(known, endpoint, environment, io.now()));
    tell(credentialStep(credential, io.now()));
    tell(clockStep(health.answer, io.now(), health.obstacle));

    const job = { session: given(session), credential: credential && given(credential) };
    const obstacle =
      health.obstacle ??
      (job.session === undefined || known === undefined ? 'not without the settings' : undefined) ??
      (job.credential === undefined ? 'not without the ID token' : undefined);
    if (open && job.session && job.credential && obstacle === undefined) {
      const { session: settings, credential: shown } = job;
      const revoke = flags.revoke !== false;
      await tryToken({ client: open.client, settings, credential: shown, references, revoke, io }, tell);
    } else {
      tell(skip('login', obstacle ?? 'not without the address'));
      for (const reference of references) tell(unread(reference, 'not without a login'));
    }
  } finally {
    open?.client.close();
  }
}

/** How Vault is reached; undefined where there is no address. */
function findWay(
  flags: SettingFlags,
  { environment, io }: Context,
  endpoint: Way['endpoint'] | undefined,
): Way | undefined {
  const network = readNetwork(flags, environment);
  const trust = prepareTrust(network.trust, io);
  if (endpoint === undefined) return undefined;
  const proxy = proxyFor(endpoint, network.proxy);
  return { endpoint, network, proxy, trust };
}

interface OpenWay {
  readonly way: Way;
  readonly client: Client;
}

async function openWay(
  way: Way | undefined,
  limits: LimitSettings | undefined,
  io: Io,
): Promise<OpenWay | undefined> {
  if (way === undefined) return undefined;
  const timeout = Math.min(limits?.timeout ?? ALL_WITHIN, ALL_WITHIN);
  const deadline = { ...startDeadline(timeout, io.elapsed), setting: undefined };
  const settings = { endpoint: way.endpoint, proxy: way.network.proxy, retries: 0 };
  return { way, client: await openClient(settings, way.trust, deadline, io) };
}

function noWay(lacking: string): Health {
  const why = `not without the ${lacking}`;
  return { steps: WAY.map((name) => skip(name, why)), answer: undefined, obstacle: why };
}
