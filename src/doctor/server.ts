// The way to Vault, looked at by one request that any Vault answers without a token (`sys/health`): how far it came tells
// which step failed.

import { AppError, printable } from '../errors.ts';
import { authorityOf, type Endpoint } from '../http/address.ts';
import type { Client } from '../http/client.ts';
import { newProgress, type Progress } from '../http/progress.ts';
import type { ProxyServer } from '../http/proxy.ts';
import type { Trust } from '../http/trust.ts';
import { member, stringMember } from '../json.ts';
import type { NetworkSettings } from '../settings.ts';
import { readAnswer, type VaultAnswer } from '../vault/answer.ts';
import { notServing } from '../vault/diagnosis.ts';
import { explain } from '../vault/refusal.ts';
import { DISASTER_RECOVERY } from '../vault/serving-rows.ts';
import { certificateStep } from './certificate.ts';
import { attemptLater, fail, type Outcome, ok, type Step, skip } from './step.ts';

// Whatever state it is in, it is to say so with 200: any other status would be tried again. The namespace is left out:
// the path is the root's alone (Vault's API documentation, "/sys/health").
const STATES = 'standbyok=true&perfstandbyok=true&sealedcode=200&uninitcode=200&drsecondarycode=200';
const REQUEST = {
  method: 'GET',
  path: `/v1/sys/health?${STATES}`,
  headers: { 'x-vault-request': 'true' },
} as const;

// So much of the time that the doctor has in all may go by before anything answers.
const WITHIN = 6_000;

/** The steps on the way to Vault. */
export type WayStep = 'name' | 'connection' | 'certificate' | 'health';

const STEP_OF: Readonly<Record<Progress['phase'], WayStep>> = {
  name: 'name',
  turn: 'connection',
  connect: 'connection',
  tunnel: 'connection',
  tls: 'certificate',
  answer: 'health',
  body: 'health',
};

/** Whom the doctor is on the way to. */
export interface Way {
  readonly endpoint: Endpoint;
  readonly network: NetworkSettings;
  readonly proxy: ProxyServer | undefined;
  readonly trust: Trust;
}

/** How Vault was found. */
export interface Health {
  readonly steps: readonly Step[];
  /** Undefined where no Vault answered. */
  readonly answer: VaultAnswer | undefined;
  /** Why no login is to be tried; undefined where one is. */
  readonly obstacle: string | undefined;
}

/** The same, in their order. */
export const WAY: readonly WayStep[] = ['name', 'connection', 'certificate', 'health'];

/** Asks for Vault's health, and tells each step on the way. */
export async function askHealth(client: Client, way: Way, now: number): Promise<Health> {
  const progress = newProgress(true);
  const outcome = await attemptLater(
    client.send(REQUEST, { within: WITHIN, retries: 0, progress }).then((response) => readAnswer(response)),
  );
  const failed = 'error' in outcome ? STEP_OF[progress.phase] : undefined;
  const steps = WAY.map((name, index) => {
    if (failed !== undefined && index > WAY.indexOf(failed)) return skip(name, `not without the ${failed}`);
    if ('error' in outcome && name === failed) return fail(name, outcome.error);
    return TOLD[name](way, progress, outcome, now);
  });
  return {
    steps,
    answer: 'value' in outcome ? outcome.value : undefined,
    obstacle: obstacleIn(steps),
  };
}

// An ID token goes to nobody who does not show that it is Vault.
function obstacleIn(steps: readonly Step[]): string | undefined {
  const failed = steps.find(({ result }) => result === 'FAIL');
  return failed === undefined ? undefined : `not without the ${failed.name}`;
}

type Tell = (way: Way, progress: Progress, outcome: Outcome<VaultAnswer>, now: number) => Step;

const TOLD: Readonly<Record<WayStep, Tell>> = {
  name: ({ endpoint, proxy }, { addresses }) => {
    if (endpoint.scheme === 'unix') return skip('name', 'the address is a socket');
    const host = printable(proxy?.host ?? endpoint.host);
    if (addresses.length === 0) return skip('name', `${host} is an IP address`);
    const whose =
      proxy === undefined ? '' : `, the proxy in ${proxy.source}; it looks up ${printable(endpoint.host)}`;
    return ok('name', `${host} is ${printable(addresses.join(', '))}${whose}`, {
      facts: { host, addresses },
    });
  },
  connection: ({ endpoint, proxy }, { peer }) => {
    const to = printable(peer ?? authorityOf(endpoint));
    const facts = { peer: to, proxy: proxy?.source };
    if (endpoint.scheme === 'unix') return ok('connection', `to the socket ${to}`, { facts });
    if (proxy === undefined) return ok('connection', `to ${to}`, { facts });
    return ok('connection', `to the proxy ${to}, and on to ${authorityOf(endpoint)}`, { facts });
  },
  certificate: ({ endpoint, network, trust }, { certificate }, _outcome, now) =>
    certificateStep({ endpoint, trust, serverName: network.trust.serverName, certificate, now }),
  health: (_way, _progress, outcome) =>
    'value' in outcome ? healthStep(outcome.value) : fail('health', outcome.error),
};

function healthStep(answer: VaultAnswer): Step {
  const { json, status } = answer;
  const version = stringMember(json, 'version');
  if (version === undefined && status !== 200)
    return skip('health', `the server does not tell it (${status})`);
  if (version === undefined) {
    const hint = 'check that the address is the one of Vault';
    return fail(
      'health',
      new AppError('BAD_RESPONSE', 'what answered does not tell the health of a Vault', hint),
    );
  }
  const is = (state: string) => member(json, state) === true;
  const facts = { version: printable(version), sealed: is('sealed'), standby: is('standby') };
  if (member(json, 'initialized') === false)
    return fail('health', notServing({ status: 501, errors: [] }), { facts });
  if (facts.sealed)
    return fail('health', notServing({ status: 503, errors: ['Vault is sealed'] }), { facts });
  if (stringMember(json, 'replication_dr_mode') === 'secondary') {
    const answered = { status: 503, errors: ['DR secondary'] };
    return fail('health', explain([DISASTER_RECOVERY], answered, {}), { facts });
  }
  const part = is('performance_standby')
    ? 'a performance standby: it answers reads itself'
    : facts.standby
      ? 'in standby: it hands requests on to the active node'
      : 'active';
  return ok('health', `Vault ${facts.version}, unsealed, ${part}`, { facts });
}
