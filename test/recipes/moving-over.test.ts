// Proves of the pages on moving over that the job before and the job after fetch the same: the guide's own is run, with real curl, grep
// and sed; of GitLab's keyword and the Vault CLI, which are not to be had here, civault is given the same references.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { markSecrets } from '../harness/leaks.ts';
import { makePlace, type Place } from '../harness/place.ts';
import { type Bench, groupVariables, mint, openBench, type Turn } from './bench.ts';
import { CASES, dockerLogin, plainCalls } from './cases.ts';
import { type Block, blocksOf, documents, type JobText, jobsOf } from './documents.ts';
import { ALPINE, whyNoImages } from './image.ts';
import { runPipeline } from './pipeline.ts';
import { tool } from './tools.ts';

const NEXUS = 'secret/data/nexus/svc-orchestrator';

const half = (file: string, mark: 'before' | undefined): { block: Block; name: string; job: JobText } => {
  const block = blocksOf(file).find((each) => each.language === 'yaml' && each.mark === mark);
  assert.ok(block, `${file} has no such block`);
  const [[name, job] = []] = Object.entries(jobsOf(block.text));
  assert.ok(name !== undefined && job !== undefined);
  return { block, name, job };
};

/** The words NAME=REF of a job's script. */
const mappings = ({ before_script = [], script = [] }: JobText): Record<string, string> => {
  const text = [...before_script, ...script].join('\n');
  const words = text.matchAll(/(?<=\s)([A-Z_]+)=((?:secret|nexus)\/[^\s)]+)/g);
  return Object.fromEntries([...words].map(([, name = '', reference = '']) => [name, reference]));
};

describe("the guide's curl, grep and sed", { skip: whyNoImages() ?? false, concurrency: 1 }, () => {
  const file = 'docs/recipes/from-curl.md';
  let bench: Bench;

  before(async () => {
    bench = await openBench();
  });
  after(() => bench?.end());

  const runBefore = async (turn: Turn) => {
    const { block, name } = half(file, 'before');
    const run = await runPipeline({
      yaml: block.text,
      job: name,
      image: { ...ALPINE, borrowed: { curl: '/opt/packages' } },
      programs: {
        // In the place of Alpine's packages: the curl of this machine, by its name from then on.
        'sbin/apk': tool([
          '[ "$*" = "add --no-cache curl" ] || exit 1',
          'ln -s /opt/packages/curl /usr/local/bin/curl',
        ]),
        'usr/local/bin/docker': dockerLogin(bench, '\n'),
      },
      files: { 'ca.pem': readFileSync(bench.job.caFile, 'utf8') },
      variables: {
        ...groupVariables(bench.job, bench.shelf),
        ...(await mint(bench.job, block.text, turn)),
        CURL_CA_BUNDLE: '/builds/orchestrator/app/ca.pem',
      },
    });
    run.remove();
    return run;
  };

  test('before: a password without special characters arrives', async () => {
    await withPassword('plain-0123456789-abcdefghij', async () => {
      const { passed, calls, log } = await runBefore('given');
      assert.equal(passed, true, log);
      assert.deepEqual(plainCalls(calls), [
        'apk add --no-cache curl',
        ...(CASES[file]?.['docker-push']?.calls ?? []),
      ]);
    });
  });

  test('before: one with a double quote does not; after, it does', async () => {
    const { passed, calls, log } = await runBefore('given');
    assert.equal(passed, false);
    assert.equal(calls.filter((call) => call.startsWith('docker push')).length, 0);
    assert.match(log, /standard input is not the secret/);
    // What comes after is run by recipes.test.ts, with this very password.
    assert.match(bench.secret(NEXUS, 'password'), /"/);
  });

  test('before: a refused login ends the job, and nothing says why', async () => {
    const { passed, jobLog } = await runBefore('refused');
    assert.equal(passed, false);
    assert.doesNotMatch(jobLog.replaceAll(/^.*\$ .*$/gm, ''), /audience|refused|40[03]/);
  });

  test('before and after fetch the same variables', () => {
    const text = half(file, 'before').job.before_script?.join('\n') ?? '';
    const path = /\/v1\/(secret\/\S+)"/.exec(text)?.[1];
    const wanted = [...text.matchAll(/^([A-Z_]+)=\$\(echo "\$\{SECRET_RESPONSE\}"[^"]*"([a-z]+)":/gms)].map(
      ([, name, field]) => [name, `${path}#${field}`],
    );
    assert.equal(wanted.length, 2);
    assert.deepEqual(mappings(half(file, undefined).job), Object.fromEntries(wanted));
  });

  async function withPassword(password: string, then: () => Promise<void>): Promise<void> {
    const awkward = bench.job.guide.secrets[NEXUS];
    const secrets = bench.job.guide.secrets as Record<string, Record<string, string>>;
    const write = async (data: Record<string, unknown>) => {
      const { status } = await bench.job.vault.request('POST', NEXUS, { data });
      assert.equal(status, 200);
      secrets[NEXUS] = data as Record<string, string>;
    };
    markSecrets([password]);
    await write({ ...awkward, password });
    try {
      await then();
    } finally {
      await write({ ...awkward });
    }
  }
});

test('every block marked before is one of these three', () => {
  const files = documents().filter((file) => blocksOf(file).some(({ mark }) => mark === 'before'));
  assert.deepEqual(files, [
    'docs/recipes/from-curl.md',
    'docs/recipes/from-gitlab-secrets.md',
    'docs/recipes/from-vault-cli.md',
  ]);
});

describe('references of others', () => {
  let bench: Bench;
  let place: Place;

  before(async () => {
    bench = await openBench();
    place = makePlace();
  });
  after(async () => {
    place?.remove();
    await bench?.end();
  });

  const get = async (reference: string): Promise<string> => {
    const { status, stdout, stderr } = await place.run('civault get "$REF"', {
      env: { ...bench.job.env, REF: reference },
    });
    assert.equal(status, 0, stderr);
    return stdout.toString();
  };

  test("GitLab's secrets:vault: each name has the same reference after, and civault reads it", async () => {
    const file = 'docs/recipes/from-gitlab-secrets.md';
    const secrets = half(file, 'before').job['secrets'] as Record<
      string,
      { vault: string; token: string; file: boolean }
    >;
    const written = Object.fromEntries(Object.entries(secrets).map(([name, { vault }]) => [name, vault]));
    assert.deepEqual(mappings(half(file, undefined).job), written);
    assert.deepEqual(Object.keys(written), ['TRIVY_USERNAME', 'TRIVY_PASSWORD']);
    for (const reference of Object.values(written)) {
      const field = reference.replace(/^.*\/([^/]+)@secret$/, '$1');
      assert.equal(await get(reference), bench.secret(NEXUS, field));
    }
  });

  test('the Vault CLI: each name has the same path and field after, and civault reads them', async () => {
    const file = 'docs/recipes/from-vault-cli.md';
    const script = half(file, 'before').job.script?.join('\n') ?? '';
    const written = Object.fromEntries(
      [...script.matchAll(/export (\w+)="\$\(vault kv get -field=(\w+) (\S+)\)"/g)].map(
        ([, name, field, path]) => [name ?? '', `${path}#${field}`],
      ),
    );
    assert.deepEqual(mappings(half(file, undefined).job), written);
    assert.deepEqual(Object.keys(written), ['SONAR_TOKEN', 'SONAR_HOST_URL']);
    for (const reference of Object.values(written)) {
      const [path = '', field = ''] = reference.split('#');
      assert.equal(await get(reference), bench.secret(path.replace('secret/', 'secret/data/'), field));
    }
  });
});
