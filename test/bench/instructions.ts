// How many instructions a run takes, by valgrind: on one binary they differ by a thousandth from run to run, where times on a
// shared machine differ by a third.

import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { GUIDE_SECRETS, mappingsOf } from './pipelines.ts';

/** What is counted: names, and what civault is called with. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  '--version': ['--version'],
  'one secret': ['env', ...mappingsOf(GUIDE_SECRETS.slice(0, 1))],
  'six secrets': ['env', ...mappingsOf(GUIDE_SECRETS)],
};

/** Millions of instructions of each run. Throws where there is no valgrind. */
export async function countInstructions(): Promise<Record<string, number>> {
  const job: Job = await startJob();
  const counts: Record<string, number> = {};
  try {
    for (const [name, args] of Object.entries(RUNS)) {
      const valgrind = ['--tool=callgrind', '--callgrind-out-file=/dev/null', CIVAULT, ...args];
      const { status, stderr } = await runCommand('valgrind', valgrind, {
        env: { ...job.env, PATH: '/usr/bin:/bin' },
      });
      const counted = /Collected : (\d+)/.exec(stderr)?.[1];
      if (status !== 0 || counted === undefined)
        throw new Error(`valgrind does not count "${name}" (status ${status}): ${stderr.slice(0, 500)}`);
      counts[name] = Number(counted) / 1e6;
    }
  } finally {
    await job.end();
  }
  return counts;
}
