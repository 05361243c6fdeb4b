// How fast `civault download` brings a gigabyte over TLS on loopback, how much memory that takes, and the same over a link
// of 1 Gbit/s: beside curl, which digests nothing, and beside curl with sha256sum, which is the same work.

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Content } from '../gitlab/state.ts';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { pseudoRandom, type ReleaseJob, startReleaseJob } from '../harness/release.ts';
import { compare, type Timed } from './turns.ts';

const BLOCK = 1024 * 1024;
const BLOCKS = 1000;
const GIGABIT = 125_000_000;
const ROUNDS = 5;
const PATH = '/usr/bin:/bin';

/** Measures, and writes a line for each comparison. */
export async function benchDownload(write: (line: string) => void): Promise<void> {
  const job = await startReleaseJob();
  const folder = mkdtempSync(join(tmpdir(), 'civault-bench-'));
  try {
    const big = repeated(pseudoRandom(BLOCK, 1), BLOCKS);
    job.project.packages.set('app/1.0.0/big', big);
    job.project.storage = 'own';
    writeFileSync(join(folder, 'ca.pem'), job.gitlab.authority.certificatePem);
    const [civault, curl, checked] = contestants(job, folder, big.sha256);
    const one = await compare(civault, curl, ROUNDS);
    const two = await compare(civault, checked, ROUNDS);
    job.gitlab.storage.pace = GIGABIT;
    const three = await compare(civault, curl, 1);
    const speed = (milliseconds: number) => `${(big.size / 1e3 / milliseconds).toFixed(0).padStart(5)} MB/s`;
    const line = (what: string, other: string, { first, second, ratio }: typeof one) =>
      write(
        `download     civault ${speed(first)}   ${other.padEnd(16)} ${speed(second)}   ratio of times ${ratio.toFixed(2)}   (${what})`,
      );
    line('loopback', 'curl', one);
    line('loopback', 'curl, sha256sum', two);
    line('1 Gbit/s', 'curl', three);
    job.gitlab.storage.pace = undefined;
    const memory = await privateMemory(civault, folder);
    write(`download     civault ${memory.join(', ')} MB private at each tenth`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await job.gitlab.close();
  }
}

function contestants(job: ReleaseJob, cwd: string, sha256: string): readonly [Timed, Timed, Timed] {
  const url = `${job.env['CI_API_V4_URL']}/projects/${job.project.id}/packages/generic/app/1.0.0/big`;
  const env = {
    PATH,
    ...job.env,
    CI_SERVER_TLS_CA_FILE: join(cwd, 'ca.pem'),
    C: CIVAULT,
    URL: url,
    SUM: sha256,
  };
  const shell = (script: string): Timed => ({
    command: '/bin/sh',
    args: ['-c', `rm -f big; echo $$ >pid; ${script}`],
    options: { cwd, env, limit: 120_000 },
  });
  const curl = 'curl -sfL --cacert ca.pem -H "JOB-TOKEN: $CI_JOB_TOKEN" -o big "$URL"';
  return [
    shell('exec "$C" download --package app/1.0.0/big --sha256 "$SUM"'),
    shell(`exec ${curl}`),
    shell(`set -e; ${curl}; echo "$SUM  big" | sha256sum -c - >sum`),
  ];
}

/** RssAnon at each tenth of one more run, in MB. */
async function privateMemory({ command, args, options }: Timed, folder: string): Promise<string[]> {
  const samples: number[] = [];
  const timer = setInterval(() => {
    try {
      const pid = readFileSync(join(folder, 'pid'), 'utf8').trim();
      const found = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      if (found !== undefined) samples.push(Number(found) / 1024);
    } catch {
      // It has not begun, or is over.
    }
  }, 20);
  await runCommand(command, args, options);
  clearInterval(timer);
  return Array.from({ length: 10 }, (_, tenth) =>
    (samples[Math.floor(((tenth + 0.5) / 10) * samples.length)] ?? 0).toFixed(0),
  );
}

function repeated(block: Buffer, count: number): Content {
  const hash = createHash('sha256');
  for (let index = 0; index < count; index += 1) hash.update(block);
  // Twice, so that no slice of a block's size or less has to be put together.
  const two = Buffer.concat([block, block]);
  return {
    size: block.length * count,
    sha256: hash.digest('hex'),
    slice: (from, to) => {
      const start = from % block.length;
      return two.subarray(start, start + to - from);
    },
  };
}
