// What it means that no connection came about: a name that was not found, a socket that nobody serves, an address that
// refuses.

import { errnoOf, printable, quoted } from '../errors.ts';
import { bracketed } from './address.ts';
import { checkAddress, type Explanation, type Failure, listed } from './explanation.ts';

/** Explains a failure on the way to a connection; undefined for any other. */
export function explainConnecting(failure: Failure): Explanation | undefined {
  // Once there is a connection, the same codes mean that it was lost.
  const { phase } = failure;
  if (phase === 'tls' || phase === 'answer' || phase === 'body') return undefined;
  return explainName(failure) ?? explainSocket(failure) ?? explainAttempts(failure);
}

const RUNNERS_DNS = "check the runner's DNS (/etc/resolv.conf in the image)";
const NAMES: ReadonlyMap<string, readonly [what: string, hint: string]> = new Map([
  [
    'ENOTFOUND',
    [
      'the name server knows no host NAME, or no address of it',
      'check ADDRESS for typing errors; a name of a private network is known inside of it alone: use a runner there, or its DNS',
    ],
  ],
  ['EAI_AGAIN', ['no name server answered when asked for NAME', RUNNERS_DNS]],
  ['EAI_FAIL', ['the name server failed when asked for NAME', RUNNERS_DNS]],
]);

function explainName({ own, error, endpoint, address }: Failure): Explanation | undefined {
  const known = NAMES.get(own) ?? (/^EAI_/.test(own) ? ['looking up NAME failed', RUNNERS_DNS] : undefined);
  if (known === undefined) return undefined;
  const name = quoted(memberOf(error, 'hostname') ?? endpoint.host);
  const [what, hint] = known;
  return ['UNAVAILABLE', what.replace('NAME', () => name), hint.replace('ADDRESS', () => address)];
}

const SOCKETS: ReadonlyMap<string, readonly [what: string, hint: string]> = new Map([
  ['ENOENT', ['there is no such socket', 'check the path, and that the Vault Agent runs and listens there']],
  ['ENOTDIR', ['there is no such socket', 'check the path: what stands before the name is no folder']],
  ['EACCES', ['this user may not open the socket', 'give this user the right to read and write it']],
  ['EPERM', ['this user may not open the socket', 'give this user the right to read and write it']],
  ['ECONNREFUSED', ['nobody serves the socket', 'check that the Vault Agent runs and listens there']],
]);

function explainSocket({ endpoint, own }: Failure): Explanation | undefined {
  const known = endpoint.socketPath === undefined ? undefined : SOCKETS.get(own);
  return known === undefined ? undefined : ['UNAVAILABLE', ...known];
}

interface Refusal {
  /** What one address does, and what several do. */
  readonly one: string;
  readonly several: string;
  readonly why: string;
  readonly hint: (failure: Failure) => string;
}

const FIREWALL = () => 'a firewall may drop what this runner sends there: use a runner that may reach it';
const ATTEMPTS: ReadonlyMap<string, Refusal> = new Map(
  Object.entries<Refusal>({
    ECONNREFUSED: {
      one: 'refuses connections',
      several: 'refuse connections',
      why: 'nothing listens there',
      hint: ({ address }) => `check ${address} and its port, and that the server runs`,
    },
    EHOSTUNREACH: unreachable('the network does not reach that host', checkAddress),
    ENETUNREACH: unreachable('this runner has no way to that network', checkAddress),
    EADDRNOTAVAIL: unreachable('this machine has no address of that kind', checkAddress),
    EAFNOSUPPORT: unreachable('this machine has no addresses of that kind', checkAddress),
    EACCES: unreachable("this machine's own firewall forbids it", checkAddress),
    EPERM: unreachable("this machine's own firewall forbids it", checkAddress),
    ETIMEDOUT: {
      one: 'gave no answer',
      several: 'gave no answer',
      why: 'the connection timed out',
      hint: FIREWALL,
    },
  }),
);

function unreachable(why: string, hint: Refusal['hint']): Refusal {
  return { one: 'cannot be reached', several: 'cannot be reached', why, hint };
}

// A name may have many addresses. They are tried in turn, and each may fail in its own way.
function explainAttempts(failure: Failure): Explanation | undefined {
  const { error, endpoint } = failure;
  const parts = error instanceof Error && 'errors' in error ? error.errors : undefined;
  const tried: readonly unknown[] = Array.isArray(parts) ? parts : [error];
  const itself = printable(`${bracketed(endpoint.host)}:${endpoint.port}`);
  const byCode = new Map<string, string[]>();
  for (const attempt of tried) {
    const code = errnoOf(attempt) ?? '';
    byCode.set(code, [...(byCode.get(code) ?? []), triedAddress(attempt) ?? itself]);
  }
  if (tried.length === 0 || ![...byCode.keys()].some((code) => ATTEMPTS.has(code))) return undefined;
  const told = [...byCode].map(([code, addresses]) => {
    const { one, several, why } = ATTEMPTS.get(code) ?? unreachable('the connection failed', checkAddress);
    const who = addresses.length === 1 && addresses[0] === itself ? 'it' : listed(addresses);
    const name = code === '' ? '' : ` (${printable(code)})`;
    return `${who} ${addresses.length === 1 ? one : several}: ${why}${name}`;
  });
  const [only] = byCode.size === 1 ? byCode.keys() : [];
  const hint = (ATTEMPTS.get(only ?? '')?.hint ?? checkAddress)(failure);
  return ['UNAVAILABLE', told.join('; '), hint];
}

function triedAddress(attempt: unknown): string | undefined {
  const address = memberOf(attempt, 'address');
  const port = attempt instanceof Error && 'port' in attempt ? attempt.port : undefined;
  return address === undefined || typeof port !== 'number'
    ? undefined
    : `${bracketed(printable(address))}:${port}`;
}

function memberOf(error: unknown, key: 'hostname' | 'address'): string | undefined {
  const value = error instanceof Error ? (error as Error & { [key]?: unknown })[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}
