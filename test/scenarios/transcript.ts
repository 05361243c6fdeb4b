// What happened in a scenario, so that two servers can be held beside each other: what every server makes up for itself
// (ids, tokens, times) is put out of the way, all else stays as it was sent.

import type { IncomingHttpHeaders } from 'node:http';
import type { Exchange } from './recorder.ts';

/** An answer of the server's. */
export interface Answered {
  readonly kind: 'answer';
  /** `GET legacy/app` */
  readonly request: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether it is what a caller gets to see, and not a step of the set-up. */
  readonly told: boolean;
}

/** A run of civault. */
export interface Ran {
  readonly kind: 'run';
  readonly script: string;
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Entry = Answered | Ran;

/** A scenario as it went on one server. */
export interface Played {
  readonly described: string;
  readonly entries: readonly Entry[];
  /** The assertion that did not hold. */
  readonly failure: Error | undefined;
}

/** An answer as an entry. */
export function answered(exchange: Exchange, told: boolean): Answered {
  const { method, path, status, headers, body } = exchange;
  return {
    kind: 'answer',
    request: steady(`${method} ${path}`),
    status,
    headers: telling(headers),
    body: steady(withoutChance(path, body)),
    told,
  };
}

/** The differences between what two servers did, each with both sides; empty where there is none. */
export function differences(one: Played, other: Played): string[] {
  const count = Math.max(one.entries.length, other.entries.length);
  return Array.from({ length: count }, (_, index) => {
    const [left, right] = [shown(one.entries[index]), shown(other.entries[index])];
    if (left === right) return '';
    const sides = `${one.described}:\n${shortened(left)}\n${other.described}:\n${shortened(right)}`;
    return `${sides}\nThey part at:\n  ${parting(left, right)}\n  ${parting(right, left)}`;
  }).filter((difference) => difference !== '');
}

const LONGEST = 4000;

// One secret here has half a megabyte.
function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;
}

// Answers are long, and what differs is often a word.
function parting(text: string, other: string): string {
  let same = 0;
  while (same < text.length && text[same] === other[same]) same += 1;
  return text.slice(Math.max(0, same - 40), same + 100).replaceAll('\n', ' ');
}

function shown(entry: Entry | undefined): string {
  if (entry === undefined) return '  nothing';
  if (entry.kind === 'run') {
    const { script, status, stdout, stderr } = entry;
    return `  $ ${script}\n  status ${status}\n  stdout ${JSON.stringify(stdout)}\n  stderr ${JSON.stringify(stderr)}`;
  }
  const headers = Object.entries(entry.headers).map(([name, value]) => `\n  ${name}: ${value}`);
  return `  ${entry.request}\n  ${entry.status}${headers.join('')}\n  ${JSON.stringify(entry.body).slice(1, -1)}`;
}

// The rest is of the connection and the clock; of a length, that it is told is enough.
function telling(headers: IncomingHttpHeaders): Record<string, string> {
  const ofTheHop = ['date', 'connection', 'keep-alive'];
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !ofTheHop.includes(name))
      .map(([name, value]) => [name, name === 'content-length' ? 'LENGTH' : steady(String(value))] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function withoutChance(path: string, body: string): string {
  if (/(?:^|\/)lookup(?:-self|-accessor)?$/.test(path)) return withRoundTime(body);
  return path.startsWith('sys/') && !body.startsWith('{"request_id"') ? withTopSorted(body) : body;
}

// What is left of a time is a second less where one has just passed.
function withRoundTime(body: string): string {
  return body.replace(/("ttl":)(\d+)/g, (_, key, seconds) => `${key}${Math.ceil(seconds / 10) * 10}`);
}

// Some answers of `sys/` show their data a second time, at the top and in any order.
function withTopSorted(body: string): string {
  if (!body.includes('"request_id"')) return body;
  const members = Object.entries(JSON.parse(body) as Record<string, unknown>);
  const sorted = Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify(sorted)}${body.endsWith('\n') ? '\n' : ''}`;
}

const UNSTEADY: readonly (readonly [RegExp, string])[] = [
  [/\b(hv)?([sb])\.[\w-]{20,}/g, '$1$2.TOKEN'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UUID'],
  [/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g, 'TIME'],
  [/\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(?= UTC)/g, 'TIME'],
  [/("(?:wrapped_)?accessor":")\w{24}"/g, '$1ACCESSOR"'],
  [/("accessor":"[a-z-]+(?:_[a-z-]+)?)_[0-9a-f]{8}"/g, '$1_ACCESSOR"'],
  // Where a plugin comes from is a matter of the build.
  [/"deprecation_status":"supported",/g, ''],
  [/("(?:running_)?plugin_version":")v[^"]+"/g, '$1VERSION"'],
  [/(database\/creds\/[\w-]+\/)\w{24}\b/g, '$1LEASE'],
  [/https:\/\/127\.0\.0\.1:\d+/g, 'https://127.0.0.1:PORT'],
  // A key's identifier is a digest of it (RFC 7638).
  [/(?<=\bkey ")[\w-]{43}(?=")/g, 'KEY'],
  [/("(?:creation_time|expire_time|server_time_utc|last_renewal_time)":)\d+/g, '$1SECONDS'],
  [/retry \d+ of (\d+) in [\d.]+ s/g, 'retry N of $1 in SECONDS'],
  [/try again in [\d.]+ s/g, 'try again in SECONDS'],
  [/\bvault-cluster-[0-9a-f]{8}\b/g, 'vault-cluster-NAME'],
];

/** A text without what every server makes up for itself. */
export function steady(text: string): string {
  return UNSTEADY.reduce((result, [pattern, by]) => result.replace(pattern, by), text);
}
