// One cell of the matrix: a run of civault whose request meets with a fault, and what must hold of it whatever that is.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BusyboxRoot, CIVAULT } from '../harness/busybox-root.ts';
import { type CommandOptions, type Outcome, runCommand } from '../harness/command.ts';
import { LOGIN } from '../harness/judged-run.ts';
import { REVOKE } from '../harness/leases.ts';
import { leaveNothing } from '../harness/leftovers.ts';
import type { NameRecord } from '../harness/name-server.ts';
import { whyNotSeen } from '../harness/shut-process.ts';
import { type Expectation, expectationOf, RETRIES, type Times } from './expectation.ts';
import type { Fault } from './faults.ts';
import { type Gate, startGate } from './gate.ts';
import { type Watch, watchMemory } from './memory.ts';
import { ASSET, type Bench, OLD, type RequestName } from './requests.ts';

/** What the cells of one request share. */
export interface Stage {
  readonly name: RequestName;
  readonly bench: Bench;
  /** For runs that look a name up: a root whose name server knows `names`. */
  readonly root: BusyboxRoot | undefined;
  readonly names: Record<string, NameRecord>;
}

/** One of them. */
export interface Cell {
  readonly fault: Fault;
  readonly times: Times;
  /** An address on loopback for it alone, and a name for that. */
  readonly host: string;
  readonly domain: string;
}

/** What was measured. */
export interface Measured {
  /** Milliseconds by which something came too late: the end of the run, or a renewal. Below 0 where nothing did. */
  readonly late: number;
  /** kB. */
  readonly memory: number;
}

const MOST_MEMORY = 60_000;
const WARNING = /^civault: warning: the Vault token.* (?:could not be revoked|has ended while)/m;
// Renewals that fail say nothing before the token ends: when they were tried is known by the time that it has.
const REOPENED_AFTER = [2_750, 3_300];
/** Milliseconds after which a run is given up that should have ended long before. */
const HANGS_AFTER = 60_000;

/** Plays a cell. */
export async function play(stage: Stage, cell: Cell): Promise<Measured> {
  const { name, bench, root, names } = stage;
  const { fault, times, host, domain } = cell;
  const expected = expectationOf(fault, name, times);
  const isNamed = fault.place === 'name';
  const gate = await startGate({
    ...bench.gate,
    authority: bench.authority,
    host,
    name: domain,
    fault,
    times,
  });
  names[domain] = (isIPv4) => (!isIPv4 ? [] : gate.hidesName() ? 3 : [host]);
  const within = isNamed ? (root?.path ?? '') : '';
  const base = mkdtempSync(join(isNamed ? within : tmpdir(), 'civault-fault-'));
  const putAway = leaveNothing(() => rmSync(base, { recursive: true, force: true }));
  const folder = join(base, 'files');
  mkdirSync(folder);
  if (bench.args[0] === 'download') writeFileSync(join(folder, ASSET), OLD);
  writeFileSync(join(base, 'ca.pem'), bench.authority.certificatePem);
  const around = await bench.surroundings(gate.origin, host, join(base, 'ca.pem').slice(within.length));
  try {
    const args = [
      ...bench.args,
      '--retries',
      `${RETRIES}`,
      '--timeout',
      `${expected.limit}`,
      ...bench.program,
    ];
    const run = watched(gate, cell, name === 'renew');
    const options = { ...run.options, env: around.env, limit: HANGS_AFTER };
    const started = performance.now();
    const outcome = isNamed
      ? await root?.run(inFolder(folder.slice(within.length), args), options)
      : await runCommand(CIVAULT, args, { ...options, cwd: folder });
    const ended = performance.now();
    run.end();
    assert.ok(outcome !== undefined);
    judge(stage, cell, expected, outcome, gate, folder);
    const since = around.firstAt() ?? gate.firstAt() ?? started;
    const due = name === 'renew' ? run.wroteAt() : since + expected.limit * 1000;
    // A renewal that its token did not wait for is late as well.
    const isTooLate = name === 'renew' && expected.warns === false && WARNING.test(outcome.stderr);
    const late = isTooLate ? Infinity : ended - due;
    const memory = run.memory();
    assert.ok(memory > 0 || whyNotSeen() !== undefined, 'its memory was not looked at');
    assert.ok(memory < MOST_MEMORY, `it had ${memory} kB`);
    return { late, memory };
  } finally {
    around.close();
    gate.close();
    putAway();
  }
}

function inFolder(folder: string, args: readonly string[]): string {
  return `cd ${folder} && exec civault ${args.map((each) => `'${each}'`).join(' ')}`;
}

/** Follows a run: its memory, when its program wrote, and when somebody is to listen again. */
function watched(gate: Gate, { fault, times }: Cell, isRenewal: boolean) {
  let memory: Watch | undefined;
  let wroteAt = Number.POSITIVE_INFINITY;
  let said = '';
  const reopens = fault.place === 'listening' && times !== Infinity;
  gate.onArmed = () => {
    if (reopens && isRenewal) setTimeout(gate.reopen, REOPENED_AFTER[times - 1]);
  };
  const options: CommandOptions = {
    started: (pid) => {
      memory = watchMemory(pid);
    },
    onOutput: () => {
      wroteAt = performance.now();
    },
    onMessage: (text) => {
      said += text;
      if (reopens && [...said.matchAll(/; retry \d/g)].length >= times) gate.reopen();
    },
  };
  return { options, memory: () => memory?.most() ?? 0, wroteAt: () => wroteAt, end: () => memory?.end() };
}

function judge(
  { name, bench }: Stage,
  { fault, times }: Cell,
  { ends, asked, warns }: Expectation,
  outcome: Outcome,
  gate: Gate,
  folder: string,
): void {
  const { status, stderr } = outcome;
  if (ends === 'done') bench.assertDone(outcome, folder);
  else {
    assert.equal(status, ends, stderr);
    bench.assertNothing(outcome, folder);
    assert.match(stderr, /^civault: .*\ncivault: hint: .*\n$/m);
  }
  assert.match(
    stderr,
    /^(?:civault: [^\u0000-\u001f\u007f-\u009f\u202a-\u202e]+\n)*$/,
    'not as civault speaks',
  );
  assert.doesNotMatch(stderr, /a bug in civault|\n? {2,}at |Warning:/);
  const [least, most] = asked;
  assert.ok(gate.asked() >= least && gate.asked() <= most, `it was asked ${gate.asked()} times\n${stderr}`);
  if (warns === true || (warns === false && name !== 'renew'))
    assert.equal(WARNING.test(stderr), warns, stderr);
  // A connection that fails may be the one that the token was to be ended on.
  const reaches = fault.place === 'request' || (times !== Infinity && name !== 'renew');
  if (name !== 'revoke' && reaches) assertTokenEnded(gate, name, times);
}

// A token whose login came through is asked to be ended, whatever befell the run after it.
function assertTokenEnded({ requests }: Gate, name: RequestName, times: Times): void {
  const logins = requests.filter(({ path }) => path === LOGIN).length;
  if (logins > (name === 'login' ? times : 0)) assert.equal(requests.at(-1)?.path, REVOKE);
}
