// What it means that a run's time was over before an exchange was: by what was waited for.

import { AppError, printable, quoted } from '../errors.ts';
import { addressName, authorityOf, bracketed, type Endpoint, serviceName } from './address.ts';
import type { Deadline } from './deadline.ts';
import { listed } from './explanation.ts';
import type { Phase, Progress } from './progress.ts';
import type { ProxyServer } from './proxy.ts';

/** Whom an exchange is with: the server, and the proxy before it. */
export interface Partners {
  readonly forwardThrough: ProxyServer | undefined;
  readonly tunnelThrough: ProxyServer | undefined;
}

interface Wait {
  readonly host: string;
  readonly port: number;
  readonly target: string;
  readonly addresses: readonly string[];
  /** What hints call the address that was connected to. */
  readonly address: string;
  /** What hints call whoever is to answer. */
  readonly answerer: string;
  readonly service: string;
}

type Row = readonly [what: (wait: Wait) => string, hint: (wait: Wait) => string];

const WAITS: Readonly<Record<Phase, Row>> = {
  turn: [
    () => 'for its turn behind other requests of this run',
    ({ answerer }) => `${answerer} took those and is slow: look at its log`,
  ],
  name: [
    ({ host }) => `for a name server to look ${quoted(host)} up`,
    () => "check the runner's DNS (/etc/resolv.conf in the image)",
  ],
  connect: [
    ({ port, host, addresses }) =>
      `to connect to ${listed((addresses.length > 0 ? addresses : [host]).map((each) => `${bracketed(printable(each))}:${port}`))}`,
    ({ address }) =>
      `a firewall may drop what this runner sends there: check ${address}, and use a runner that may reach it`,
  ],
  tunnel: [
    ({ target }) => `for it to open a tunnel to ${printable(target)}`,
    ({ address, service }) => `check that ${address} is the one of a proxy, and that it may reach ${service}`,
  ],
  tls: [
    () => 'for the TLS handshake',
    ({ address }) => `check the port in ${address}: something that speaks no TLS may listen there`,
  ],
  answer: [
    () => 'for an answer',
    ({ answerer }) => `${answerer} took the request and hangs: look at its log`,
  ],
  body: [
    () => 'for the rest of the answer',
    ({ answerer }) => `${answerer} hangs in the middle of it, or the network is slow: look at its log`,
  ],
};

/**
 * Tells that the time limit came first.
 * @param idle milliseconds within which something was to come, where that came first
 */
export function timedOut(
  endpoint: Endpoint,
  { forwardThrough, tunnelThrough }: Partners,
  { phase, addresses }: Progress,
  deadline: Deadline,
  idle?: number,
): AppError {
  const target = authorityOf(endpoint);
  const service = serviceName(endpoint);
  const isOfTunnel = phase === 'name' || phase === 'connect' || phase === 'tunnel';
  const proxy = forwardThrough ?? (isOfTunnel ? tunnelThrough : undefined);
  const who =
    proxy === undefined
      ? printable(endpoint.socketPath ?? target)
      : `the proxy in ${proxy.source}, ${printable(`${bracketed(proxy.host)}:${proxy.port}`)},`;
  const wait: Wait = {
    host: (proxy ?? endpoint).host,
    port: (proxy ?? endpoint).port,
    target,
    addresses,
    address: proxy === undefined ? addressName(endpoint) : `the address in ${proxy.source}`,
    answerer:
      proxy === undefined ? `${service}, or what stands before it,` : `the proxy, or ${service} behind it,`,
    service,
  };
  const [what, hint] = WAITS[phase];
  const doing = endpoint.socketPath !== undefined && phase === 'connect' ? 'to connect' : what(wait);
  if (idle !== undefined) {
    const time = `${idle / 1000} s`;
    return new AppError('UNAVAILABLE', `${who} took too long: waited ${time} ${doing}`, hint(wait));
  }
  return new AppError(
    'UNAVAILABLE',
    `${who} took too long: waited ${doing} until the time limit of ${deadline.limit / 1000} s was over`,
    deadline.setting === undefined ? hint(wait) : `${hint(wait)}; or raise ${deadline.setting}`,
  );
}
