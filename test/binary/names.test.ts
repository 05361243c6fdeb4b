// Proves what is said of a host name that leads nowhere: the name server's own answer, and each address that was tried.

import { after, before, describe, test } from 'node:test';
import { type BusyboxRoot, makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { assertFailed, assertNoToken, REF } from '../harness/judged-run.ts';
import { type NameServer, startNameServer } from '../harness/name-server.ts';
import { jwt } from '../unit/fakes.ts';

const names = {
  'one.test': ['127.0.0.1'],
  'two.test': ['127.0.0.1', '127.0.0.2'],
  'empty.test': [],
  'broken.test': 2,
} as const;
const noRoot = whyNoRoot();
const server = noRoot === undefined ? await startNameServer(names, '127.79.1.53') : noRoot;

describe('a host name', { skip: typeof server === 'string' && server }, () => {
  let root: BusyboxRoot;
  before(() => {
    root = makeBusyboxRoot();
    root.put('etc/resolv.conf', `${(server as NameServer).line}options timeout:1 attempts:1\n`);
  });
  after(() => {
    root.remove();
    (server as NameServer).close();
  });

  const UNKNOWN = (name: string) =>
    new RegExp(`the name server knows no host "${name}", or no address of it \\(ENOTFOUND\\)`);
  for (const [what, env, ...says] of [
    [
      'that the name server does not know',
      { VAULT_ADDR: 'https://none.test:9' },
      UNKNOWN('none.test'),
      /hint: check VAULT_ADDR for typing errors/,
    ],
    ['that has no address', { VAULT_ADDR: 'https://empty.test:9' }, UNKNOWN('empty.test')],
    [
      'that the name server fails at',
      { VAULT_ADDR: 'https://broken.test:9' },
      /no name server answered when asked for "broken\.test" \(EAI_AGAIN\)/,
      /hint: check the runner's DNS/,
    ],
    [
      'with one address, where nothing listens',
      { VAULT_ADDR: 'https://one.test:9' },
      /from one\.test:9: 127\.0\.0\.1:9 refuses connections: nothing listens there \(ECONNREFUSED\)\n/,
    ],
    [
      'with two addresses, where nothing listens',
      { VAULT_ADDR: 'http://two.test:9' },
      /127\.0\.0\.\d:9 and 127\.0\.0\.\d:9 refuse connections: nothing listens there \(ECONNREFUSED\)\n/,
    ],
    [
      'of a proxy that the name server does not know',
      { VAULT_ADDR: 'https://vault.test', HTTPS_PROXY: 'none.test:3128' },
      UNKNOWN('none.test'),
      /the proxy in HTTPS_PROXY: /,
      /hint: check the address in HTTPS_PROXY for typing errors/,
    ],
  ] as const) {
    test(`${what} is told by its name`, async () => {
      const all = { ...env, VAULT_ID_TOKEN: jwt({ exp: Date.now() / 1000 + 600 }) };
      const run = await root.run(`civault get '${REF}' --retries 0`, { env: all });
      assertNoToken(run, all);
      assertFailed(run, 6, ...says);
    });
  }
});
