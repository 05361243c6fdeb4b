// What `civault exec` lets through in a second, from the command to its reader, and how much memory that takes: a gigabyte
// of a build's log, masked for ten secrets, beside the same log through cat.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import type { Job } from '../harness/job.ts';
import { compare, type Timed } from './turns.ts';

const BLOCK = 8 * 1024 * 1024;
const ROUNDS = 3;
const OWN = 'secret/data/ci/bench';
const MAPPINGS = [
  'NEXUS_PASSWORD=secret/data/nexus/svc-orchestrator#password',
  'SONAR_TOKEN=secret/data/sonarqube/svc-orchestrator#token',
  'DEFECTDOJO_TOKEN=secret/data/defectdojo/svc-orchestrator#token',
  'E2E_PASSWORD=secret/data/orchestrator/e2e-test-user#password',
  'RP_API_KEY=secret/data/reportportal/svc-orchestrator#api_key',
  'EXECUTOR_PASSWORD=secret/data/nexus/svc-executor#password',
  // The four fields written below.
  `OWN_*=${OWN}`,
];

type Env = Readonly<Record<string, string>>;

/** Measures, and writes a line for the speed and one for the memory. */
export async function benchExec(job: Job, env: Env, write: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'civault-bench-'));
  try {
    await job.vault.request('POST', OWN, { data: ownSecrets() });
    for (const [name, blocks, text] of [
      ['log', 128, logText('done')],
      [
        'log, secrets in it',
        32,
        logText(`token=${job.guide.secrets['secret/data/nexus/svc-executor']?.['password']}`),
      ],
    ] as const) {
      writeFileSync(join(folder, 'log'), text);
      const megabytes = (text.length * blocks) / 1e6;
      const [first, second] = [throughExec(folder, env, blocks), throughCat(folder, env, blocks)];
      const times = await compare(first, second, ROUNDS);
      const speed = (milliseconds: number) =>
        `${((megabytes / milliseconds) * 1000).toFixed(0).padStart(6)} MB/s`;
      write(
        `exec         civault ${speed(times.first)}   cat | cat ${speed(times.second)}   ${(await privateMemory(first, folder)).toFixed(1)} MB private at its most   (${name}, ${megabytes.toFixed(0)} MB)`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const read = (blocks: number) => `for i in $(seq ${blocks}); do cat log; done`;

function throughExec(cwd: string, env: Env, blocks: number): Timed {
  const script = `sh -c 'echo $$ > pid; exec "$@"' x "$C" exec ${MAPPINGS.join(' ')} -- sh -c '${read(blocks)}' | cat > /dev/null`;
  return { command: '/bin/sh', args: ['-c', script], options: { cwd, env: { ...env, C: CIVAULT } } };
}

function throughCat(cwd: string, env: Env, blocks: number): Timed {
  return {
    command: '/bin/sh',
    args: ['-c', `{ ${read(blocks)}; } | cat | cat > /dev/null`],
    options: { cwd, env },
  };
}

/** The most private memory (RssAnon) that civault had in one more run, in MB. */
async function privateMemory({ command, args, options }: Timed, folder: string): Promise<number> {
  let most = 0;
  const timer = setInterval(() => {
    try {
      const pid = readFileSync(join(folder, 'pid'), 'utf8').trim();
      const found = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      most = Math.max(most, Number(found ?? 0) / 1024);
    } catch {
      // It has not begun, or is over.
    }
  }, 20);
  await runCommand(command, args, options);
  clearInterval(timer);
  return most;
}

function ownSecrets(): Record<string, string> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return {
    key: privateKey,
    gitlab: `glpat-${randomBytes(15).toString('base64url')}`,
    database: `postgres://app:${randomBytes(12).toString('base64url')}@db:5432/app?ssl=true`,
    long: randomBytes(45).toString('base64'),
  };
}

/** A build's log of one block, whose last kind of line is given. */
function logText(last: string): Buffer {
  const text = Buffer.alloc(BLOCK);
  for (let length = 0, index = 0; length < BLOCK; index += 1) {
    const line = [
      `2026-03-01T12:${String(index % 60).padStart(2, '0')}:07.123Z INFO  [main] c.e.app.OrderService - order ${index} was stored in ${index % 97} ms`,
      `#${index} [build ${index % 20}/20] RUN npm ci --no-progress && npm run build -- --mode production`,
      `added ${index % 1000} packages, and audited ${index} packages in ${index % 60}s`,
      `Downloading https://nexus.example.com/repository/maven/org/springframework/spring-core-${index % 7}.jar (1.${index % 9} MB)`,
      last,
    ][index % 5];
    length += text.write(`${line}\n`, length);
  }
  return text;
}
