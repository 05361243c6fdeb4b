// Finds a real Vault server to test with, or builds one, and writes its path to standard output. What goes on meanwhile
// is told on standard error.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isProgram, onPath } from '../harness/programs.ts';

const SOURCE = fileURLToPath(new URL('server', import.meta.url));

const NONE = `There is no real Vault server to test with. One of these is enough:
  - Go 1.25.3 or later (https://go.dev/dl): a server is then built from Vault's source, which takes some minutes once
  - a vault or bao program on PATH
  - VAULT_BIN=/path/to/vault (or bao)`;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The path of a server: VAULT_BIN, one on PATH, one built before, or one that is built now. */
async function findServer(): Promise<string> {
  const given = process.env['VAULT_BIN'] ?? '';
  if (given !== '') {
    if (isProgram(given)) return resolve(given);
    throw new Error(`VAULT_BIN: ${given} is not there, or not to be executed`);
  }
  const found = onPath('vault') ?? onPath('bao');
  if (found !== undefined) return found;
  const go = onPath('go');
  const built = builtFile();
  if (isProgram(built)) return built;
  if (go === undefined) throw new Error(NONE);
  return build(go, built);
}

// Named after what it is made from: another version is another file.
function builtFile(): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'main.go']) hash.update(readFileSync(join(SOURCE, file)));
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(cache, 'civault', `vault-server-${process.arch}-${hash.digest('hex').slice(0, 16)}`);
}

function build(go: string, file: string): Promise<string> {
  const started = performance.now();
  const seconds = () => `${Math.round((performance.now() - started) / 1000)} s`;
  say('Building a Vault server from its source: some minutes the first time, with 1 GB of modules to fetch');
  mkdirSync(dirname(file), { recursive: true });
  const half = `${file}.${process.pid}`;
  const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', half, '.'];
  // Without cgo no C compiler is needed.
  const env = { ...process.env, CGO_ENABLED: '0' };
  const child = spawn(go, args, { cwd: SOURCE, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const progress = setInterval(() => say(`  still building after ${seconds()}`), 30_000);
  // Two hundred lines of modules are of interest only where one of them cannot be had.
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      clearInterval(progress);
      if (status !== 0)
        return reject(
          new Error(`${said}go build failed (where it could not fetch a module: GOPROXY says where from)`),
        );
      renameSync(half, file);
      say(`Built in ${seconds()}: ${file}`);
      resolve(file);
    });
  });
}

try {
  process.stdout.write(await findServer());
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}
