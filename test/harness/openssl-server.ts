// OpenSSL's own TLS server, for what Node's does not do: it tells by an alert why it breaks a handshake off.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** Why there can be none here; undefined where there can. */
export function whyNoOpenssl(): string | undefined {
  return spawnSync('openssl', ['version']).status === 0 ? undefined : 'there is no openssl';
}

export interface OpensslServer {
  readonly port: number;
  /** All that it said: what it received, where it has no `-www`. */
  readonly said: () => string;
  /** Gives it a line: a command of its own (`r`: renegotiate), or else what it is to send. */
  readonly tell: (line: string) => void;
  close(): Promise<void>;
}

/** Starts one on loopback, with these arguments of `openssl s_server`. */
export async function startOpensslServer(args: readonly string[]): Promise<OpensslServer> {
  const server = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...args]);
  const closed = once(server, 'close');
  let said = '';
  const port = await new Promise<number>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      const found = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (found !== undefined) resolve(Number(found));
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.on('close', () => reject(new Error(`openssl s_server ended: ${said}`)));
  });
  return {
    port,
    said: () => said,
    tell: (line) => server.stdin.write(line),
    close: async () => {
      server.kill();
      await closed;
    },
  };
}
