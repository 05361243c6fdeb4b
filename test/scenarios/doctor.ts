// Scenarios of civault doctor: what it tells of a job that is well, and of one whose login or secrets are not.

import assert from 'node:assert/strict';
import type { Bench, Run, Scenario } from './bench.ts';
import { LOGIN } from './steps.ts';

const REVOKE = 'auth/token/revoke-self';
const NEXUS = 'secret/data/nexus/svc-orchestrator';

// The steps on the way tell of this very server, of its certificate and of times.
const REST = '/^[a-z]* *address/,/^[a-z]* *clock/d';

// By a pipe: both servers' jobs run in one root.
async function examine(bench: Bench, args: string, env: Readonly<Record<string, string>> = {}): Promise<Run> {
  return bench.run(`{ civault doctor ${args}; echo "status $?"; } | sed '${REST}'`, env);
}

export const doctor: readonly Scenario[] = [
  {
    name: 'doctor: a job that is well, by one login that is ended',
    play: async (bench) => {
      const run = await examine(bench, '');
      assert.match(run.stdout.toString(), /^status 0$/m);
      assert.equal(run.stdout.toString().match(/^ok +secret/gm)?.length, 6);
      const asked = run.exchanges.map(({ path }) => path.replace(/\?.*/, ''));
      assert.deepEqual([asked[0], asked[1], asked.at(-1)], ['sys/health', LOGIN, REVOKE]);
      assert.equal(asked.filter((path) => path === LOGIN).length, 1);
    },
  },
  {
    name: 'doctor: an audience that the role refuses',
    play: async (bench) => {
      const run = await examine(bench, NEXUS, { VAULT_ID_TOKEN: await bench.mint({ aud: 'https://other' }) });
      assert.match(run.stdout.toString(), /^status 4$/m);
      assert.match(run.stdout.toString(), /^FAIL +login +login refused: .*\n.*its aud is "https:\/\/other"/m);
      assert.match(run.stdout.toString(), /^skip +secret/m);
    },
  },
  {
    name: 'doctor: a path that the policy refuses, a field that is not there, a KV v2 path on KV v1',
    play: async (bench) => {
      const run = await examine(bench, `secret/data/nexus/admin ${NEXUS}#passwort legacy/data/app ${NEXUS}`);
      assert.match(run.stdout.toString(), /^status 4$/m);
      const told = run.stdout.toString().replace(/\n {10,}/g, ' ');
      assert.match(told, /^FAIL +secret +the token's policies \(default, nexus-ci\) do not allow/m);
      assert.match(told, /^FAIL +secret +.* has no field "passwort": did you mean "password"\?/m);
      assert.match(
        told,
        /^FAIL +secret +there is no secret at legacy\/data\/app: legacy is KV v1.*write legacy\/app/m,
      );
      assert.match(told, /^ok +secret +secret\/data\/nexus\/svc-orchestrator: "password", "username"/m);
    },
  },
];
