// What is to become of a run, by the rules of civault's design: what is worth another try, what is not, and what no
// request may hold up.

import type { Fault, Kind } from './faults.ts';
import type { RequestName } from './requests.ts';

/** How often a fault befalls its request. */
export type Times = 1 | 2 | typeof Infinity;

export const RETRIES = 3;
/** Seconds: out of the way, or short where a cell ends by it, and enough for the requests before the one that is meant. */
const LONG_LIMIT = 30;
const SHORT_LIMIT = 3;
const SHORT_LIMIT_OF_ASSET = 5;

/** What is expected of a run. */
export interface Expectation {
  /** `done` is 0, or the status of the program that is run; else that of civault, and there is no result. */
  readonly ends: 'done' | 6 | 7;
  /** The least and the most times that the request comes. */
  readonly asked: readonly [least: number, most: number];
  /** Whether a warning tells of the failure: where none is expected, it may be told none the less where that is undefined. */
  readonly warns: boolean | undefined;
  /** The time limit of the run, in seconds. */
  readonly limit: number;
}

// Nothing hangs on these two: one comes when the result is there, the other is tried again while the program runs.
const BESIDES: readonly RequestName[] = ['renew', 'revoke'];

/** What a fault is to a request. */
export function kindOf(fault: Fault, request: RequestName): Kind {
  return fault.but?.[request] ?? fault.kind;
}

/** The rules. */
export function expectationOf(fault: Fault, request: RequestName, times: Times): Expectation {
  const kind = kindOf(fault, request);
  const short = request === 'asset' ? SHORT_LIMIT_OF_ASSET : SHORT_LIMIT;
  const limit = kind === 'waiting' ? short : LONG_LIMIT;
  return {
    ends: endOf(kind, request, times),
    asked: askedFor(fault, kind, request, times),
    warns: warning(fault, kind, request, times),
    limit,
  };
}

// Connection failures are UNAVAILABLE, 6, and so is the end of the time limit; an answer that cannot be trusted is 7.
function endOf(kind: Kind, request: RequestName, times: Times): Expectation['ends'] {
  if (BESIDES.includes(request) || kind === 'harmless') return 'done';
  if (kind === 'fatal') return 7;
  return kind === 'retried' && times <= RETRIES ? 'done' : 6;
}

function askedFor({ place }: Fault, kind: Kind, request: RequestName, times: Times): Expectation['asked'] {
  // The pace of renewals is the token's.
  if (request === 'renew') return [place === 'request' ? 1 : 0, Infinity];
  const tries = request === 'revoke' ? 1 : RETRIES + 1;
  // A connection that ends before it brought a request here.
  if (place !== 'request') return times < tries ? [1, 1] : [0, 0];
  if (kind !== 'retried') return [1, 1];
  // A kept connection that ended by itself, as it may have before the request came, costs no try. What comes behind a
  // redirect meets one at each try.
  const kept = request === 'release' ? tries : 1;
  return [Math.min(times, tries), Math.min(times + 1, tries + kept)];
}

function warning({ place }: Fault, kind: Kind, request: RequestName, times: Times): boolean | undefined {
  if (!BESIDES.includes(request)) return undefined;
  if (kind === 'harmless') return false;
  // What ends the token in the end is told.
  if (times === Infinity) return true;
  // A renewal has the time for one more try where the first failed at once, and it is known which one that is.
  if (request === 'renew')
    return kind === 'retried' && times === 1 && place !== 'listening' ? false : undefined;
  return kind === 'retried' ? undefined : true;
}
