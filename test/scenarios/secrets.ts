// Scenarios of civault reading secrets: the guide's, in every form that names them, and all that can be the matter with
// a path.

import assert from 'node:assert/strict';
import { GUIDE_SECRETS, type Wanted } from '../bench/pipelines.ts';
import type { Bench, Scenario } from './bench.ts';
import {
  answerTo,
  at,
  definePolicy,
  definePolicyByProject,
  defineRole,
  denied,
  failed,
  refused,
  refusedExactly,
  wrote,
} from './steps.ts';

const LARGE = 512 * 1024;

/** A path of the guide by the API path, by the CLI's and by GitLab's form: one login, and one read. */
function guidePath({ path, variables }: Wanted): Scenario {
  const below = path.replace('secret/data/', '');
  return {
    name: `the guide's ${path}, by three forms`,
    play: async (bench) => {
      const lookup = `GET sys/internal/ui/mounts/secret/${below} 200`;
      for (const field of Object.values(variables)) {
        const forms = [
          [`${path}#${field}`, []],
          [`secret/${below}#${field}`, [lookup]],
          [`${below}/${field}@secret`, []],
        ] as const;
        for (const [ref, lookups] of forms) {
          const run = await bench.run(`civault get '${ref}'`);
          wrote(run, String(bench.guide.secrets[path]?.[field]));
          const asked = run.exchanges.map((each) => `${each.method} ${each.path} ${each.status}`);
          const read = `GET ${path} 200`;
          assert.deepEqual(asked, [
            'POST auth/jwt/login 200',
            ...lookups,
            read,
            'POST auth/token/revoke-self 204',
          ]);
        }
      }
    },
  };
}

/** References and what they give, none of it ending a line. */
function gives(name: string, expected: readonly (readonly [string, string])[]): Scenario {
  return {
    name,
    play: async (bench) => {
      for (const [ref, value] of expected) wrote(await bench.run(`civault get '${ref}'`), value);
    },
  };
}

async function fails(bench: Bench, ref: string, status: number, says: RegExp) {
  const run = await bench.run(`civault get '${ref}'`);
  failed(run, status, says);
  return run;
}

export const secrets: readonly Scenario[] = [
  ...GUIDE_SECRETS.map(guidePath),
  {
    name: "all of the guide's secrets by one eval",
    play: async (bench) => {
      const mappings = GUIDE_SECRETS.flatMap(({ path, variables }) =>
        Object.entries(variables).map(([name, field]) => `${name}=${path}#${field}`),
      );
      const names = GUIDE_SECRETS.flatMap(({ variables }) => Object.keys(variables));
      const run = await bench.run(
        `set -e; eval "$(civault env ${mappings.join(' ')})"; printf '%s;' ${names.map((name) => `"$${name}"`).join(' ')}`,
      );
      const values = GUIDE_SECRETS.flatMap(({ path, variables }) =>
        Object.values(variables).map((field) => `${bench.guide.secrets[path]?.[field]};`),
      );
      wrote(run, values.join(''));
      assert.equal(run.exchanges.filter(({ path }) => path.endsWith('login')).length, 1);
    },
  },
  gives('KV v1: numbers as written, odd keys, a field named data', [
    ['legacy/app#serial', '12345678901234567890'],
    ['legacy/app#version', '1.10'],
    ['legacy/app#data', 'a field named data'],
    ['legacy/odd-keys#', 'empty'],
    ['legacy/odd-keys#__proto__', 'prototype'],
    ['legacy/odd-keys#with.dot', 'dot'],
    ['legacy/odd-keys#with-dash', 'dash'],
    ['legacy/odd-keys#with space', 'space'],
  ]),
  gives('KV v2: every kind of value, nested ones too', [
    ['secret/data/ci/everything#number', '42'],
    ['secret/data/ci/everything#flag', 'true'],
    ['secret/data/ci/everything#empty', ''],
    ['secret/data/ci/everything#list', '["a",2]'],
    ['secret/data/ci/everything#/nested/user', 'inner'],
  ]),
  {
    name: 'a mount whose name has slashes',
    play: async (bench) => {
      const token = String(bench.guide.secrets['team/a/kv/data/app']?.['token']);
      for (const ref of ['team/a/kv/data/app#token', 'team/a/kv/app#token', 'app/token@team/a/kv']) {
        wrote(await bench.run(`civault get '${ref}'`), token);
      }
    },
  },
  {
    name: 'versions of a KV v2 secret: there, not there, deleted, destroyed',
    play: async (bench) => {
      const path = 'secret/data/ci/rotated';
      for (const value of ['first', 'second', 'third']) await bench.setUp('POST', path, { data: { value } });
      wrote(await bench.run(`civault get '${path}?version=1#value'`), 'first');
      wrote(await bench.run(`civault get '${path}#value'`), 'third');
      const missing = await fails(
        bench,
        `${path}?version=9#value`,
        5,
        /has no version 9: the newest is version 3/,
      );
      assert.equal(answerTo(missing, `${path}?version=9`).text, '{"errors":[]}\n');
      await bench.setUp('DELETE', path);
      const deleted = await fails(bench, `${path}#value`, 5, /version \d+ of .* was deleted at \d{4}-/);
      assert.equal(answerTo(deleted, path).status, 404);
      wrote(await bench.run(`civault get '${path}?version=2#value'`), 'second');
      await bench.setUp('POST', 'secret/destroy/ci/rotated', { versions: [2] });
      await fails(bench, `${path}?version=2#value`, 5, /version 2 of .* was destroyed/);
    },
  },
  {
    name: 'a secret, a field, a mount or an engine’s path that is not there',
    play: async (bench) => {
      const none = await fails(
        bench,
        'secret/data/ci/none#x',
        5,
        /there is no secret at secret\/data\/ci\/none/,
      );
      assert.equal(answerTo(none, 'secret/data/ci/none').text, '{"errors":[]}\n');
      await fails(bench, 'secret/data/ci/everything#texts', 5, /text/);
      // GitLab's form means KV v2 wherever it does not say otherwise.
      await fails(bench, 'app/user@legacy', 5, /there is no secret at legacy\/data\/app/);
      await definePolicy(bench, 'all', 'path "*" { capabilities = ["read", "list"] }');
      await defineRole(bench, 'all', { token_policies: 'all' });
      const asAll = async (ref: string, says: RegExp) => {
        const run = await bench.run(`civault get '${ref}' --role all`);
        failed(run, 5, says);
        return run;
      };
      const noMount = await asAll('nope/data/x#y', /there is no secrets engine for nope\/data\/x/);
      refused(answerTo(noMount, 'nope/data/x'), 404, 'no handler for route');
      const badVersion = await asAll('sys/nope#x', /the engine does not know the path sys\/nope/);
      refused(answerTo(badVersion, 'sys/nope'), 404, 'unsupported path');
    },
  },
  {
    name: 'a path that the policy does not allow',
    play: async (bench) => {
      const run = await fails(
        bench,
        'secret/data/nexus/admin#password',
        4,
        /do not allow to read secret\/data\/nexus\/admin/,
      );
      refusedExactly(answerTo(run, 'secret/data/nexus/admin'), 403, denied);
    },
  },
  {
    name: 'the mount lookup, allowed and refused',
    play: async (bench) => {
      const path = 'sys/internal/ui/mounts/secret/sonarqube/svc-orchestrator';
      const allowed = await bench.run('civault get secret/sonarqube/svc-orchestrator#url');
      wrote(allowed, 'https://sonarqube.shared.cwiq.io');
      assert.equal(at(answerTo(allowed, path), 'data', 'path'), 'secret/');
      // A policy for a path that KV v2 does not have: Vault then tells nothing of the mount.
      await definePolicy(bench, 'blind', 'path "elsewhere/*" { capabilities = ["read"] }');
      await defineRole(bench, 'blind', { token_policies: 'blind', token_no_default_policy: true });
      const run = await bench.run('civault get secret/sonarqube/svc-orchestrator#url --role blind');
      assert.equal(run.status, 4, run.stderr);
      assert.equal(answerTo(run, path).status, 403);
    },
  },
  {
    name: 'a policy with a templated path',
    play: async (bench) => {
      await definePolicyByProject(bench, 'of-project');
      await defineRole(bench, 'of-project', {
        claim_mappings: { project_path: 'project' },
        user_claim: 'project_path',
        token_policies: 'of-project',
      });
      await bench.setUp('POST', 'secret/data/team/web/deploy', { data: { key: 'of the project' } });
      const get = async (project_path: string) =>
        bench.run('civault get secret/data/team/web/deploy#key --role of-project', {
          VAULT_ID_TOKEN: await bench.mint({ project_path }),
        });
      wrote(await get('team/web'), 'of the project');
      failed(await get('team/api'), 4, /do not allow to read secret\/data\/team\/web\/deploy/);
    },
  },
  {
    name: 'a secret of 512 KiB',
    play: async (bench) => {
      const value = 'secret '.repeat(LARGE).slice(0, LARGE);
      await bench.setUp('POST', 'secret/data/ci/large', { data: { value } });
      wrote(await bench.run('civault get secret/data/ci/large#value'), value);
      await bench.setUp('DELETE', 'secret/metadata/ci/large');
    },
  },
];
