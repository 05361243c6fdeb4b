// Scenarios of the ways in which civault hands secrets on: each once with what the policy allows, once with what it does not.

import assert from 'node:assert/strict';
import type { Bench, Run, Scenario } from './bench.ts';
import { answerTo, at, denied, failed, LOGIN, REF, refusedExactly, VALUE, wrote } from './steps.ts';

const NEXUS = 'secret/data/nexus/svc-orchestrator';
const ADMIN = 'secret/data/nexus/admin';
const REVOKE = 'auth/token/revoke-self';

// A folder of the run's own, for other runs have the same root.
const IN_FOLDER = 'mkdir -p /tmp; d=$(mktemp -d); cd "$d"; trap "rm -r $d" EXIT;';

/** Asserts a run that the policy refused, and that its token has ended. */
function refusedByPolicy(run: Run): void {
  failed(run, 4, /do not allow to read secret\/data\/nexus\/admin/);
  refusedExactly(answerTo(run, ADMIN), 403, denied);
  assert.equal(answerTo(run, REVOKE).status, 204);
}

interface Way {
  readonly name: string;
  /** The script for a secret's path. */
  readonly script: (path: string) => string;
  readonly path: string;
  readonly gives: (bench: Bench) => string;
  readonly says?: string;
}

const ways: readonly Way[] = [
  {
    name: 'get: several fields as one object',
    script: (path) => `civault get ${path}#username ${REF}`,
    path: NEXUS,
    gives: () => `{"username":"svc-orchestrator","url":"${VALUE}"}`,
  },
  {
    name: 'get: what a field holds as base64',
    script: (path) => `civault get --base64-decode ${path}#password`,
    path: 'secret/data/ci/encoded',
    gives: () => 'decoded\n',
  },
  {
    name: 'env --format dotenv',
    script: (path) => `civault env --format dotenv A=${REF} B=${path}#password`,
    path: 'secret/data/nexus/svc-executor',
    gives: (bench) =>
      `A='${VALUE}'\nB='${bench.guide.secrets['secret/data/nexus/svc-executor']?.['password']}'\n`,
  },
  {
    name: 'env --format docker',
    script: (path) => `civault env --format docker A=${REF} B=${path}#username`,
    path: NEXUS,
    gives: () => `A=${VALUE}\nB=svc-orchestrator\n`,
  },
  {
    name: 'env --format json',
    script: (path) => `civault env --format json A=${REF} B=${path}#password`,
    path: NEXUS,
    gives: (bench) => `${JSON.stringify({ A: VALUE, B: bench.guide.secrets[NEXUS]?.['password'] })}\n`,
  },
  {
    name: 'inject: a template on standard input',
    script: (path) =>
      `printf 'url: {{ civault ${REF} }}\\npassword: "{{ civault ${path}#password | json }}"\\n' | civault inject`,
    path: NEXUS,
    gives: (bench) =>
      `url: ${VALUE}\npassword: ${JSON.stringify(bench.guide.secrets[NEXUS]?.['password'])}\n`,
  },
  {
    name: 'docker-login: a registry in config.json',
    script: (path) =>
      `${IN_FOLDER} DOCKER_CONFIG=docker civault docker-login r.example:8443 ${path} && cat docker/config.json`,
    path: NEXUS,
    gives: (bench) => {
      const { username, password } = bench.guide.secrets[NEXUS] ?? {};
      const auth = Buffer.from(`${username}:${password}`).toString('base64');
      return `{\n\t"auths": {\n\t\t"r.example:8443": {\n\t\t\t"auth": "${auth}"\n\t\t}\n\t}\n}\n`;
    },
    says: 'civault: wrote the credentials of r.example:8443 to docker/config.json\n',
  },
  {
    name: 'exec: a variable, masked where it is printed',
    script: (path) => `civault exec A=${path}#username -- sh -c 'echo "$A \${#A} $VAULT_ID_TOKEN"'`,
    path: NEXUS,
    gives: () => '[MASKED] 16 \n',
  },
];

export const handingOn: readonly Scenario[] = [
  ...ways.map(
    ({ name, script, path, gives, says = '' }): Scenario => ({
      name,
      play: async (bench) => {
        const encoded = { password: Buffer.from('decoded\n').toString('base64') };
        await bench.setUp('POST', 'secret/data/ci/encoded', { data: encoded });
        wrote(await bench.run(script(path)), gives(bench), says);
        refusedByPolicy(await bench.run(script(ADMIN)));
      },
    }),
  ),
  {
    name: 'exec: without a lease the token ends before the command begins',
    play: async (bench) => {
      const run = await bench.run(`civault exec --keep-vault-env A=${REF} -- civault get ${NEXUS}#username`);
      wrote(run, 'svc-orchestrator');
      const asked = run.exchanges.map(({ path }) => path);
      assert.deepEqual(asked, [LOGIN, REF.split('#')[0], REVOKE, LOGIN, NEXUS, REVOKE]);
    },
  },
  {
    name: 'token: for other tools, until it is revoked',
    play: async (bench) => {
      const run = await bench.run(`VAULT_TOKEN=$(civault token); export VAULT_TOKEN; civault get ${REF}`);
      wrote(
        run,
        VALUE,
        /^civault: note: the token lives until .* UTC \(900 s\), unless it is renewed or revoked\n$/,
      );
      assert.deepEqual(
        run.exchanges.map(({ path }) => path),
        [LOGIN, REF.split('#')[0]],
      );
      const token = String(at(answerTo(run, LOGIN), 'auth', 'client_token'));
      assert.equal((await bench.ask(token, 'POST', REVOKE)).status, 204);
      failed(
        await bench.run('civault token', { VAULT_TOKEN: token }),
        4,
        /does not know the token in VAULT_TOKEN/,
      );
      failed(await bench.run('civault token --role nope'), 4, /has no role "nope"/);
    },
  },
  {
    name: "token: the job's own, of few uses, and without leave to look at itself",
    play: async (bench) => {
      const tell = async (fields: object, expected: number, says: RegExp) => {
        const made = await bench.setUp('POST', 'auth/token/create', { policies: ['nexus-ci'], ...fields });
        // Which second is left when Vault is asked is chance.
        const quietly = '2>said; s=$?; sed "s/([0-9]* s)/(TIME)/" said >&2; exit $s';
        const run = await bench.run(`${IN_FOLDER} civault token --output token ${quietly}`, {
          VAULT_TOKEN: String(at(made, 'auth', 'client_token')),
        });
        assert.deepEqual([run.status, run.stdout.toString()], [expected, '']);
        assert.match(run.stderr, says);
      };
      await tell({ num_uses: 5 }, 0, / \(TIME\), for 4 uses at most, unless/);
      await tell({ num_uses: 2 }, 0, /, for 1 use at most, unless/);
      await tell({ num_uses: 1 }, 4, /good for one more use: to ask how long it lives was that/);
      await tell({ no_default_policy: true }, 0, /how long the token lives, Vault does not tell/);
      await tell({ policies: ['root'] }, 0, /the token has no end of its own/);
    },
  },
];
