// make bench: civault beside the guide's curl pipeline, in turns, and what it takes in memory and on disk.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findArch } from '../../build/arch.ts';
import { findBase } from '../../build/base.ts';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { startJob } from '../harness/job.ts';
import { benchDownload } from './download.ts';
import { benchExec } from './exec.ts';
import { countInstructions } from './instructions.ts';
import { benchMasking } from './masking.ts';
import { findOthers } from './others.ts';
import { civaultScript, GUIDE_SECRETS, guideScript } from './pipelines.ts';
import { type Comparison, compare, type Timed } from './turns.ts';

const ROUNDS = 40;
// A Vault that serves jobs has compiled what it serves them with, as V8 has after some hundred requests.
const WARMING = 30;
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

const job = await startJob();
try {
  const env = { PATH, ...job.env, CURL_CA_BUNDLE: job.caFile };
  const shell = (script: string): Timed => ({ command: '/bin/sh', args: ['-c', script], options: { env } });
  console.log(
    `${cpus().length} × ${cpus()[0]?.model.trim()}, Vault stand-in on loopback, ${ROUNDS} pairs in turns\n`,
  );
  const one = GUIDE_SECRETS.slice(0, 1);
  for (let round = 0; round < WARMING; round += 1) {
    await runCommand('/bin/sh', ['-c', guideScript(GUIDE_SECRETS)], { env });
  }
  const ask = shell('exec curl -sf -o /dev/null "$VAULT_ADDR/v1/sys/health"');
  for (const [name, first, other, second] of [
    ['one secret', shell(civaultScript(one, CIVAULT)), "guide's curl", shell(guideScript(one))],
    [
      'six secrets',
      shell(civaultScript(GUIDE_SECRETS, CIVAULT)),
      "guide's curl",
      shell(guideScript(GUIDE_SECRETS)),
    ],
    ['one secret', shell(civaultScript(one, CIVAULT)), 'one curl, health', ask],
    [
      '--version',
      { ...shell(''), command: CIVAULT, args: ['--version'] },
      'bare Node.js',
      await bareNode(env),
    ],
  ] as const) {
    const times = await compare(first, second, ROUNDS);
    console.log(line(name, other, times));
  }
  await benchOthers(env);
  console.log(
    `${'memory'.padEnd(12)} civault ${(await privateMemory(env)).toFixed(1).padStart(6)} MB private at its most`,
  );
  console.log(`${'size'.padEnd(12)} civault ${(statSync(CIVAULT).size / 1e6).toFixed(1).padStart(6)} MB`);
  for (const [name, count] of Object.entries(await counted())) {
    console.log(`instructions civault ${count.toFixed(1).padStart(6)} million   (${name})`);
  }
  await benchExec(job, env, console.log);
  benchMasking(console.log);
  await benchDownload(console.log);
} finally {
  await job.end();
}

/** Other programs that do the same, where they are here. */
async function benchOthers(env: Readonly<Record<string, string>>): Promise<void> {
  const others = findOthers();
  if (others.length === 0)
    console.log('no other program is here: vault or bao on PATH, or make bench-others, which needs Go');
  const { stdout } = await runCommand(CIVAULT, ['token', '--no-revoke'], { env });
  for (const { name, logsIn, script } of others) {
    const own = {
      ...env,
      VAULT_CACERT: job.caFile,
      ...(logsIn ? {} : { VAULT_TOKEN: stdout.toString().trim() }),
    };
    for (const [what, wanted] of [
      ['one secret', GUIDE_SECRETS.slice(0, 1)],
      ['six secrets', GUIDE_SECRETS],
    ] as const) {
      const shell = (text: string): Timed => ({
        command: '/bin/sh',
        args: ['-c', text],
        options: { env: own },
      });
      const times = await compare(shell(civaultScript(wanted, CIVAULT)), shell(script(wanted)), ROUNDS);
      console.log(line(logsIn ? what : `${what}, no login`, name, times));
    }
  }
}

/** The static base as it came, which is Node.js to whoever sets this variable, with nothing to do. */
async function bareNode(env: Readonly<Record<string, string>>): Promise<Timed> {
  const { bytes } = await findBase(findArch(), 'node20');
  const command = join(mkdtempSync(join(tmpdir(), 'civault-bench-')), 'node');
  writeFileSync(command, bytes, { mode: 0o755 });
  process.on('exit', () => rmSync(dirname(command), { recursive: true }));
  return {
    command,
    args: ['--eval', '0'],
    options: { env: { ...env, PKG_EXECPATH: 'PKG_INVOKE_NODEJS' } },
  };
}

async function counted(): Promise<Record<string, number>> {
  try {
    return await countInstructions();
  } catch (error) {
    console.log(`instructions not counted: ${error instanceof Error ? error.message : error}`);
    return {};
  }
}

function line(what: string, other: string, { first, second, ratio }: Comparison): string {
  return `${what.padEnd(12)} civault ${ms(first)}   ${other.padEnd(16)} ${ms(second)}   ratio ${ratio.toFixed(2)}`;
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
