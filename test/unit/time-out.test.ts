// Proves what is told when the time is over: what was waited for, whose turn it was, and a hint that fits.

import test from 'node:test';
import { type Endpoint, parseAddress } from '../../src/http/address.ts';
import { newProgress, type Phase } from '../../src/http/progress.ts';
import type { ProxyServer } from '../../src/http/proxy.ts';
import { type Partners, timedOut } from '../../src/http/time-out.ts';
import { assertFailure, assertHolds, assertPlain } from './failures.ts';

const VAULT = parseAddress('https://vault.example.com', 'VAULT_ADDR');
const AGENT = parseAddress('unix:/run/agent.sock', 'VAULT_ADDR');
const PROXY: ProxyServer = {
  scheme: 'http',
  host: 'proxy.example.com',
  port: 3128,
  authorization: undefined,
  source: 'HTTPS_PROXY',
};
const DIRECT: Partners = { forwardThrough: undefined, tunnelThrough: undefined };
const TUNNEL: Partners = { ...DIRECT, tunnelThrough: PROXY };
const FORWARD: Partners = { ...DIRECT, forwardThrough: PROXY };
const OVER = 'until the time limit of 1.5 s was over';
const ITS_PROXY = 'the proxy in HTTPS_PROXY, proxy.example.com:3128, took too long: waited';

type Row = readonly [
  phase: Phase,
  endpoint: Endpoint,
  partners: Partners,
  addresses: string[],
  message: string,
  hint: string,
];
const ITS_VAULT = 'vault.example.com took too long: waited';
const TABLE: readonly Row[] = [
  ['name', VAULT, DIRECT, [], `${ITS_VAULT} for a name server to look "vault.example.com" up ${OVER}`, 'DNS'],
  ['connect', VAULT, DIRECT, ['10.0.0.1'], `${ITS_VAULT} to connect to 10.0.0.1:443 ${OVER}`, 'firewall'],
  ['connect', VAULT, DIRECT, ['10.0.0.1', '::1'], 'to connect to 10.0.0.1:443 and [::1]:443 until', ''],
  ['connect', VAULT, DIRECT, [], 'to connect to vault.example.com:443 until', 'check VAULT_ADDR'],
  ['tls', VAULT, DIRECT, [], `${ITS_VAULT} for the TLS handshake ${OVER}`, 'something that speaks no TLS'],
  [
    'answer',
    VAULT,
    DIRECT,
    [],
    `${ITS_VAULT} for an answer ${OVER}`,
    'Vault, or what stands before it, took',
  ],
  ['body', VAULT, DIRECT, [], `${ITS_VAULT} for the rest of the answer ${OVER}`, 'in the middle of it'],
  ['connect', AGENT, DIRECT, [], `/run/agent.sock took too long: waited to connect ${OVER}`, ''],
  ['name', VAULT, TUNNEL, [], `${ITS_PROXY} for a name server to look "proxy.example.com" up`, 'DNS'],
  [
    'connect',
    VAULT,
    TUNNEL,
    ['10.0.0.2'],
    `${ITS_PROXY} to connect to 10.0.0.2:3128`,
    'address in HTTPS_PROXY',
  ],
  [
    'tunnel',
    VAULT,
    TUNNEL,
    [],
    `${ITS_PROXY} for it to open a tunnel to vault.example.com`,
    'HTTPS_PROXY is the',
  ],
  ['tls', VAULT, TUNNEL, [], `${ITS_VAULT} for the TLS handshake`, 'the port in VAULT_ADDR'],
  ['answer', VAULT, TUNNEL, [], `${ITS_VAULT} for an answer`, 'Vault, or'],
  ['answer', VAULT, FORWARD, [], `${ITS_PROXY} for an answer`, 'the proxy, or Vault behind it, took'],
];
for (const [phase, endpoint, partners, addresses, message, hint] of TABLE) {
  test(`in the phase "${phase}": ${message}`, () => {
    const progress = { ...newProgress(), phase, addresses };
    const deadline = { limit: 1500, remaining: () => 0, setting: '--timeout (VAULT_CLIENT_TIMEOUT)' };
    const told = assertFailure(timedOut(endpoint, partners, progress, deadline), 'UNAVAILABLE', message);
    assertHolds(told.hint, hint);
    assertHolds(told.hint, '; or raise --timeout (VAULT_CLIENT_TIMEOUT)');
    assertPlain(told);
  });
}
