// What a scenario stands on: a Vault that is prepared as the guide describes, whichever it is, an issuer of ID tokens,
// civault beside it, and a record of all that is asked and answered.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandOptions, Outcome } from '../harness/command.ts';
import { assertNoToken } from '../harness/judged-run.ts';
import type { Place } from '../harness/place.ts';
import type { VaultAnswer } from '../vault/client.ts';
import type { Guide } from '../vault/guide.ts';
import type { ClaimOverrides, Issuer, MintOptions } from '../vault/id-token.ts';
import type { Exchange, Recorder } from './recorder.ts';
import type { Server } from './server.ts';
import { answered, type Entry, type Played, steady } from './transcript.ts';

/** A scenario: what is set up, asked and run, and what must come of it. It is played on every server alike. */
export interface Scenario {
  readonly name: string;
  /** Whether it takes an engine that gives leases. */
  readonly leases?: true;
  readonly play: (bench: Bench) => Promise<void>;
}

/** How Vault knows the issuer's keys: they were given to it, or it fetches them from the issuer. */
export type Keys = 'given' | 'fetched';

/** A run of civault, and what it asked of Vault, by request. */
export interface Run extends Outcome {
  readonly exchanges: readonly Exchange[];
}

export interface BenchParts {
  readonly server: Server;
  readonly recorder: Recorder;
  readonly place: Place;
  readonly keys: Keys;
  readonly issuer: Issuer;
  readonly guide: Guide;
}

/** The bench of one server. */
export class Bench {
  readonly keys: Keys;
  readonly issuer: Issuer;
  readonly guide: Guide;
  readonly unsealKey: string;
  readonly #server: Server;
  readonly #recorder: Recorder;
  readonly #place: Place;
  #entries: Entry[] = [];
  #afterwards: (() => Promise<unknown>)[] = [];

  constructor({ server, recorder, place, keys, issuer, guide }: BenchParts) {
    this.keys = keys;
    this.issuer = issuer;
    this.guide = guide;
    this.unsealKey = server.unsealKey;
    this.#server = server;
    this.#recorder = recorder;
    this.#place = place;
  }

  /** Plays a scenario. Never throws: what went wrong is part of what is given back. */
  async play(scenario: Scenario): Promise<Played> {
    this.#entries = [];
    this.#afterwards = [];
    let failure = await attempt(() => scenario.play(this));
    for (const undo of this.#afterwards.reverse()) failure = (await attempt(undo)) ?? failure;
    return { described: this.#server.described, entries: this.#entries, failure };
  }

  /** Has something done after the scenario, also after one that fails: the next one wants the server as it was. */
  afterwards(undo: () => Promise<unknown>): void {
    this.#afterwards.push(undo);
  }

  /** Sets something up with the root token. */
  async setUp(method: string, path: string, body?: unknown): Promise<VaultAnswer> {
    const answer = await this.#server.request(method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
    this.#record(method, path, answer, false);
    return answer;
  }

  /** Asks with a token of the scenario's; '' is none at all. */
  async ask(
    token: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<VaultAnswer> {
    return this.askRoot(method, path, body, { 'X-Vault-Token': token, ...headers });
  }

  /** Asks with the root token. */
  async askRoot(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<VaultAnswer> {
    const answer = await this.#server.request(method, path, body, headers);
    this.#record(method, path, answer, true);
    return answer;
  }

  /** Asks with a token of the scenario's, off the record: for answers that depend on how quick the server was. */
  peek(token: string, method: string, path: string, body?: unknown): Promise<VaultAnswer> {
    return this.#server.request(method, path, body, { 'X-Vault-Token': token });
  }

  /** Asks again and again, for what a server does a moment later; of no interest to the record. */
  async until(what: string, method: string, path: string, body: unknown, status: number): Promise<void> {
    for (let left = 100; left > 0; left -= 1) {
      if ((await this.#server.request(method, path, body)).status === status) return;
      await sleep(50);
    }
    assert.fail(`${what}: ${method} ${path} does not come to answer ${status}`);
  }

  /** Runs a script with civault on its PATH, as a job would, with an ID token of this job unless told otherwise. */
  async run(script: string, env: Readonly<Record<string, string>> = {}): Promise<Run> {
    const surroundings = {
      VAULT_ADDR: this.#recorder.address,
      VAULT_CACERT_BYTES: this.#recorder.ca,
      VAULT_ID_TOKEN: env['VAULT_ID_TOKEN'] ?? (await this.mint()),
      ...env,
    };
    const options: CommandOptions = { env: surroundings, limit: 60_000 };
    const outcome = await this.#place.run(script, options);
    assertNoToken(outcome, surroundings);
    const exchanges = this.#recorder.take();
    const { status, stdout, stderr } = outcome;
    this.#entries.push(...forTheRecord(exchanges).map((exchange) => answered(exchange, true)), {
      kind: 'run',
      script,
      status,
      stdout: steady(stdout.toString()),
      stderr: withoutRepeats(steady(stderr)),
    });
    return { ...outcome, exchanges };
  }

  /** Resolves once a request of civault's has been answered with a status. */
  answered(status: number): Promise<void> {
    return this.#recorder.answered(status);
  }

  /** An ID token of this job's, issued when the server's clock says. */
  mint(claims: ClaimOverrides = {}, options: MintOptions = {}): Promise<string> {
    return this.issuer.mint(claims, { issuedAt: this.now(), ...options });
  }

  /** Waits for the server's clock to begin a second: Vault counts whole ones. */
  async atFullSecond(): Promise<void> {
    await this.#server.wait((1000 - (this.#server.clock() % 1000)) / 1000);
  }

  /** The server's clock, in seconds since 1970. */
  now(): number {
    return Math.floor(this.#server.clock() / 1000);
  }

  wait(seconds: number): Promise<void> {
    return this.#server.wait(seconds);
  }

  #record(method: string, path: string, { status, headers, text }: VaultAnswer, told: boolean): void {
    this.#entries.push(answered({ method, path, status, headers, body: text }, told));
  }
}

async function attempt(work: () => Promise<unknown>): Promise<Error | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

// How often something was tried again is chance: of lines about it, one.
function withoutRepeats(text: string): string {
  return text.replace(/^(civault: .* in SECONDS\n)\1+/gm, '$1');
}

// Reads go side by side, a limit is met and a lease renewed as often as chance will have it: none is the server's doing.
function forTheRecord(exchanges: readonly Exchange[]): Exchange[] {
  const runs: Exchange[][] = [];
  for (const each of exchanges) {
    const run = runs.at(-1);
    if (isRepeated(each, run?.at(-1))) continue;
    if (isQuestion(each) && run?.every(isQuestion)) run.push(each);
    else runs.push([each]);
  }
  const key = ({ path, status }: Exchange) => `${path} ${status}`;
  return runs.flatMap((run) => run.sort((a, b) => (key(a) < key(b) ? -1 : 1)));
}

function isQuestion({ method, path }: Exchange): boolean {
  return method === 'GET' || path === 'sys/capabilities-self';
}

function isRepeated(each: Exchange, before: Exchange | undefined): boolean {
  if (each.status !== before?.status) return false;
  return each.status === 429 || (each.path === before.path && /(?:^|\/)renew(?:-self)?$/.test(each.path));
}
