// Proves that a name with several addresses leads to the one that lives, of Vault as of a proxy, whether the others refuse or say
// nothing; and that each is told where none lives.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type BusyboxRoot, makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { type Job, startJob } from '../harness/job.ts';
import { assertFailed, assertFetched, assertNoToken, type Env, REF } from '../harness/judged-run.ts';
import { type NameServer, startNameServer } from '../harness/name-server.ts';
import { type ProxyStandIn, startProxy } from '../harness/proxy-server.ts';
import { createAuthority } from '../vault/authority.ts';

const LIVING = '127.0.0.1';
const REFUSING = ['127.0.0.2', '127.0.0.3'];
const SILENT = '127.0.0.4';
const names = {
  'refused.test': [REFUSING[0] ?? '', LIVING],
  'refused-twice.test': [...REFUSING, LIVING],
  'silent.test': [SILENT, LIVING],
  'both.test': [REFUSING[0] ?? '', SILENT, LIVING],
  'dead.test': REFUSING,
  'dead-and-silent.test': [REFUSING[0] ?? '', SILENT],
};
const noRoot = whyNoRoot();
const server = noRoot === undefined ? await startNameServer(names, '127.79.2.53') : noRoot;

// Listens with a queue of one and never takes a connection from it: once it is full, the kernel drops what else asks.
const DEAF = `
  import socket, sys, time
  s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
  s.bind(('${SILENT}', int(sys.argv[1]))); s.listen(0)
  print('listening', flush=True)
  time.sleep(600)`.replaceAll('\n  ', '\n');

interface Deaf {
  readonly close: () => void;
}

async function startDeaf(port: number): Promise<Deaf | string> {
  const child = spawn('python3', ['-c', DEAF, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const listens = await new Promise<boolean>((resolve) => {
    child.on('error', () => resolve(false));
    child.on('close', () => resolve(false));
    child.stdout.on('data', () => resolve(true));
  });
  if (!listens) return 'there is no python3 to listen without taking connections';
  const fillers = await Promise.all([0, 1, 2].map(() => filled(port)));
  return {
    close: () => {
      for (const socket of fillers) socket.destroy();
      child.kill();
    },
  };
}

// Connected, or waiting to be: either way it stands in the queue.
function filled(port: number): Promise<net.Socket> {
  return new Promise((resolve) => {
    const socket = net.connect(port, SILENT, () => resolve(socket));
    socket.on('error', () => undefined);
    setTimeout(resolve, 500, socket);
  });
}

describe('a name with several addresses', {
  skip: typeof server === 'string' && server,
  concurrency: 2,
}, () => {
  let root: BusyboxRoot;
  let job: Job;
  let proxy: ProxyStandIn;
  let deafVault: Deaf | string;
  let deafProxy: Deaf | string;
  before(async () => {
    root = makeBusyboxRoot();
    root.put('etc/resolv.conf', `${(server as NameServer).line}options timeout:1 attempts:1\n`);
    const authority = await createAuthority('Stand-in CA');
    job = await startJob({
      authority,
      identity: await authority.issue({ names: [...Object.keys(names), '127.0.0.1', 'vault.test'] }),
    });
    proxy = await startProxy();
    deafVault = await startDeaf(job.vault.port);
    deafProxy = await startDeaf(Number(proxy.host.split(':')[1]));
  });
  after(async () => {
    for (const deaf of [deafVault, deafProxy]) if (typeof deaf === 'object') deaf.close();
    root.remove();
    (server as NameServer).close();
    await proxy.close();
    await job.end();
  });

  async function run(env: Env, flags = '--retries 0 --timeout 30') {
    const all = { ...job.env, ...env };
    const outcome = await root.run(`civault get '${REF}' ${flags}`, { env: all });
    assertNoToken(outcome, all);
    return outcome;
  }

  for (const name of ['refused.test', 'refused-twice.test', 'silent.test', 'both.test'] as const) {
    const isSilent = names[name].includes(SILENT);
    test(`${name}, of Vault: the one that lives is found, in one try`, async (t) => {
      if (isSilent && typeof deafVault === 'string') return t.skip(deafVault);
      const outcome = await run({ VAULT_ADDR: `https://${name}:${job.vault.port}` });
      assertFetched(outcome);
      // Of 30 s. What says nothing is given a quarter of a second, once a connection.
      assert.ok(outcome.milliseconds < 10_000, `${outcome.milliseconds} ms`);
    });
    test(`${name}, of a proxy: the one that lives is found, in one try`, async (t) => {
      if (isSilent && typeof deafProxy === 'string') return t.skip(deafProxy);
      const HTTPS_PROXY = `http://${name}:${proxy.host.split(':')[1]}`;
      const outcome = await run({ VAULT_ADDR: `https://vault.test:${job.vault.port}`, HTTPS_PROXY });
      assertFetched(outcome);
      assert.ok(outcome.milliseconds < 10_000, `${outcome.milliseconds} ms`);
    });
  }

  test('of which all refuse: each is told', async () => {
    const says =
      /127\.0\.0\.[23]:\d+ and 127\.0\.0\.[23]:\d+ refuse connections: nothing listens there \(ECONNREFUSED\)/;
    assertFailed(await run({ VAULT_ADDR: `https://dead.test:${job.vault.port}` }), 6, says);
    const port = proxy.host.split(':')[1];
    const by = { VAULT_ADDR: 'https://vault.test', HTTPS_PROXY: `dead.test:${port}` };
    assertFailed(await run(by), 6, says, /the proxy in HTTPS_PROXY/);
  });

  test('of which one refuses and one says nothing: both are told', async (t) => {
    if (typeof deafVault === 'string') return t.skip(deafVault);
    const outcome = await run(
      { VAULT_ADDR: `https://dead-and-silent.test:${job.vault.port}` },
      '--retries 0 --timeout 5',
    );
    const says =
      /waited to connect to 127\.0\.0\.[24]:\d+ and 127\.0\.0\.[24]:\d+ until the time limit of 5 s was over/;
    assertFailed(outcome, 6, says);
  });
});
