// make bench: civault beside the guide's curl pipeline, in turns, and what it takes in memory and on disk.

import { readFileSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { startJob } from '../harness/job.ts';
import { benchDownload } from './download.ts';
import { benchExec } from './exec.ts';
import { benchMasking } from './masking.ts';
import { civaultScript, GUIDE_SECRETS, guideScript } from './pipelines.ts';
import { compare, median, type Timed } from './turns.ts';

const ROUNDS = 40;
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

const job = await startJob();
try {
  const env = { PATH, ...job.env, CURL_CA_BUNDLE: job.caFile };
  const shell = (script: string): Timed => ({ command: '/bin/sh', args: ['-c', script], options: { env } });
  console.log(
    `${cpus().length} × ${cpus()[0]?.model.trim()}, Vault stand-in on loopback, ${ROUNDS} pairs in turns\n`,
  );
  for (const [name, wanted] of [
    ['one secret', GUIDE_SECRETS.slice(0, 1)],
    ['six secrets', GUIDE_SECRETS],
  ] as const) {
    const { first, second, ratio } = await compare(
      shell(civaultScript(wanted, CIVAULT)),
      shell(guideScript(wanted)),
      ROUNDS,
    );
    console.log(
      `${name.padEnd(12)} civault ${ms(first)}   guide's curl ${ms(second)}   ratio ${ratio.toFixed(2)}`,
    );
  }
  const starts = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    starts.push((await runCommand(CIVAULT, ['--version'], { env })).milliseconds);
  }
  console.log(`${'--version'.padEnd(12)} civault ${ms(median(starts))}`);
  console.log(
    `${'memory'.padEnd(12)} civault ${(await privateMemory(env)).toFixed(1).padStart(6)} MB private at its most`,
  );
  console.log(`${'size'.padEnd(12)} civault ${(statSync(CIVAULT).size / 1e6).toFixed(1).padStart(6)} MB`);
  await benchExec(job, env, console.log);
  benchMasking(console.log);
  await benchDownload(console.log);
} finally {
  await job.end();
}

function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(1).padStart(6)} ms`;
}

/** The most private memory (RssAnon) that a run of `get` had, in MB: sampled while Vault withholds the secret. */
async function privateMemory(env: Readonly<Record<string, string>>): Promise<number> {
  let pid = 0;
  let most = 0;
  const sample = () => {
    const found = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    most = Math.max(most, Number(found) / 1024);
  };
  const leave = job.vault.intercept((request, _response, next) => {
    if (pid > 0) sample();
    setTimeout(() => {
      if (request.path.includes('/data/')) sample();
      next();
    }, 100);
  });
  await runCommand(CIVAULT, ['get', 'secret/data/nexus/svc-orchestrator#password'], {
    env,
    started: (started) => {
      pid = started;
    },
  });
  leave();
  return most;
}
