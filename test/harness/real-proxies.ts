// Proxies as companies have them, from Debian: tinyproxy and Squid, each on loopback and with files of its own.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { leaveNothing } from './leftovers.ts';

export interface RealProxyOptions {
  /** Whoever gives another or none gets 407. */
  readonly user?: string;
  readonly password?: string;
  /** Let nobody through. */
  readonly closed?: boolean;
  /** Where it listens: `127.0.0.1` unless said. */
  readonly host?: '127.0.0.1' | '::1';
}

export interface RealProxy {
  /** `127.0.0.1:PORT`, or `[::1]:PORT`. */
  readonly host: string;
  /** What it wrote of whom it connected to. */
  readonly log: () => string;
  readonly close: () => Promise<void>;
}

type Kind = 'tinyproxy' | 'squid';
const PROGRAMS: Readonly<Record<Kind, readonly string[]>> = {
  tinyproxy: ['/usr/bin/tinyproxy', '/usr/sbin/tinyproxy'],
  squid: ['/usr/sbin/squid'],
};
const NCSA = '/usr/lib/squid/basic_ncsa_auth';

/** Why there is none here; undefined where there is. */
export function whyNoProxy(kind: Kind): string | undefined {
  if (!PROGRAMS[kind].some(existsSync)) return `there is no ${kind} (Debian: ${kind}; make tools)`;
  if (kind === 'squid') return existsSync(NCSA) ? undefined : `there is no ${NCSA}`;
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'tinyproxy looks names up in /etc/hosts, and this user may not mount one of its own there';
  }
}

/** Starts one that knows `names` to be 127.0.0.1. */
export async function startRealProxy(
  kind: Kind,
  names: readonly string[],
  { host = '127.0.0.1', ...options }: RealProxyOptions = {},
): Promise<RealProxy> {
  const folder = mkdtempSync(join(tmpdir(), `civault-${kind}-`));
  // Squid gives its rights as root up.
  chmodSync(folder, 0o777);
  const file = (name: string) => join(folder, name);
  writeFileSync(file('hosts'), names.map((name) => `127.0.0.1 ${name}\n`).join(''));
  // Squid shares memory under its service's name, which is the machine's: another's would be in the way. Letters and digits.
  const service = basename(folder).replaceAll('-', '');
  const port = await freePort(host);
  writeFileSync(file('conf'), CONFIGURATIONS[kind](file, port, host, options));
  const program = PROGRAMS[kind].find(existsSync) ?? kind;
  const child: ChildProcess =
    kind === 'squid'
      ? spawn(program, ['-N', '-n', service, '-f', file('conf')], { stdio: 'ignore' })
      : spawn(
          'unshare',
          [
            '--mount',
            'sh',
            '-c',
            `mount --bind "$1/hosts" /etc/hosts && exec ${program} -d -c "$1/conf"`,
            'sh',
            folder,
          ],
          { stdio: 'ignore' },
        );
  const ended = once(child, 'close');
  const stop = leaveNothing(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    if (kind === 'squid') for (const name of sharedBy(service)) rmSync(join(SHARED, name), { force: true });
  });
  const log = () =>
    ['log', 'access.log']
      .map((name) => (existsSync(file(name)) ? readFileSync(file(name), 'latin1') : ''))
      .join('');
  for (let tries = 0; !(await isOpen(host, port)); tries += 1) {
    if (tries > 300 || child.exitCode !== null) {
      const said = `${log()}${existsSync(file('cache.log')) ? readFileSync(file('cache.log'), 'latin1') : ''}`;
      stop();
      throw new Error(`${kind} does not serve: ${said}`);
    }
    await sleep(100);
  }
  return {
    host: host === '::1' ? `[::1]:${port}` : `${host}:${port}`,
    log,
    close: async () => {
      // Squid waits for its helpers on any other signal.
      stop();
      await ended;
    },
  };
}

const SHARED = '/dev/shm';

function sharedBy(service: string): string[] {
  return existsSync(SHARED) ? readdirSync(SHARED).filter((name) => name.startsWith(`${service}-`)) : [];
}

type Configure = (
  file: (name: string) => string,
  port: number,
  host: string,
  options: Omit<RealProxyOptions, 'host'>,
) => string;

const CONFIGURATIONS: Readonly<Record<Kind, Configure>> = {
  tinyproxy: (file, port, host, { user, password, closed }) =>
    [
      `Port ${port}`,
      `Listen ${host}`,
      'Timeout 60',
      'MaxClients 50',
      `LogFile "${file('log')}"`,
      'LogLevel Connect',
      ...(user === undefined ? [] : [`BasicAuth ${user} ${password}`]),
      // Of ports, it connects to this one alone.
      ...(closed === true ? ['ConnectPort 443'] : []),
      '',
    ].join('\n'),
  squid: (file, port, host, { user, password, closed }) => {
    const hash = (text: string) =>
      execFileSync('openssl', ['passwd', '-apr1', '-stdin'], { input: text, encoding: 'utf8' }).trim();
    if (user !== undefined) writeFileSync(file('passwd'), `${user}:${hash(password ?? '')}\n`);
    return [
      `http_port ${host === '::1' ? '[::1]' : host}:${port}`,
      ...(user === undefined
        ? []
        : [
            `auth_param basic program ${NCSA} ${file('passwd')}`,
            'auth_param basic children 1 startup=1',
            'acl known proxy_auth REQUIRED',
            'http_access deny !known',
          ]),
      `http_access ${closed === true ? 'deny' : 'allow'} all`,
      'cache deny all',
      `cache_log ${file('cache.log')}`,
      `access_log stdio:${file('access.log')}`,
      'buffered_logs off',
      'pid_filename none',
      `hosts_file ${file('hosts')}`,
      // Nobody is there, which it is to find out soon.
      'dns_nameservers 127.0.0.1',
      'dns_timeout 1 second',
      'dns_retransmit_interval 1 second',
      'connect_timeout 2 seconds',
      `coredump_dir ${file('.')}`,
      'netdb_filename none',
      'pinger_enable off',
      'visible_hostname proxy.test',
      '',
    ].join('\n');
  },
};

async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
