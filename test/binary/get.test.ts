// Proves on the binary, in a BusyBox-only root where there can be one, what `get` makes of several REFs, of base64, and where it writes.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Outcome } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { markSecrets } from '../harness/leaks.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

const PATH = 'secret/data/ci/get';
const KEYSTORE = Buffer.concat([randomBytes(3000), Buffer.from([0, 0xff, 0x0a, 0x0d])]);
const ENCODED = KEYSTORE.toString('base64');
const LINES = ENCODED.replace(/.{64}/g, '$&\n');
const DATA = `{"data":{"user":"ci","password":"p\\"w $x","on":true,
  "nested":{"list":["a",2],"token":"inner"},"digits":"42","none":null,"":"empty","__proto__":"prototype",
  "jks":"${ENCODED}","lines":${JSON.stringify(LINES)},"bare":"${KEYSTORE.toString('base64url')}",
  "broken":"${ENCODED.slice(0, 100)}.${ENCODED.slice(101)}","short":"${ENCODED.slice(0, 401)}"}}`;

describe('get', () => {
  let job: Job;
  let place: Workplace;

  before(async () => {
    job = await startJob();
    place = makeWorkplace();
    markSecrets([ENCODED.slice(0, 50), ENCODED.slice(110, 150), 'p"w $x']);
    await job.vault.request('POST', PATH, DATA);
  });
  after(async () => {
    place?.remove();
    await job?.end();
  });
  beforeEach(() => {
    job.vault.requests.length = 0;
    place.empty();
  });

  const run = (args: string): Promise<Outcome> =>
    place.run(`cd ${place.folder} && civault get ${args}`, { env: job.env });
  const said = ({ status, stdout, stderr }: Outcome) => ({ status, stdout: stdout.toString(), stderr });
  const given = (stdout: string) => ({ status: 0, stdout, stderr: '' });

  for (const [references, json] of [
    [`${PATH}#user ${PATH}#password`, '{"user":"ci","password":"p\\"w $x"}'],
    [
      `legacy/app#serial legacy/app#version ${PATH}#on ${PATH}#digits`,
      '{"serial":12345678901234567890,"version":1.10,"on":true,"digits":"42"}',
    ],
    [
      `${PATH}#nested secret/ci/get#/nested/list`,
      '{"nested":{"list":["a",2],"token":"inner"},"list":["a",2]}',
    ],
    [`${PATH}#/nested/list/1 ci/get/user@secret`, '{"1":2,"user":"ci"}'],
    [`${PATH}#user ${PATH}# ${PATH}#__proto__`, '{"user":"ci","":"empty","__proto__":"prototype"}'],
  ] as const) {
    test(`${references} is ${json}`, async () => {
      assert.deepEqual(said(await run(references)), given(json));
    });
  }

  test('several fields of several secrets take one login and a read each', async () => {
    const { status } = await run(`${PATH}#user ${PATH}#on secret/data/sonarqube/svc-orchestrator#url`);
    assert.equal(status, 0);
    assert.deepEqual(job.vault.requests.map(({ method, path }) => `${method} ${path}`).sort(), [
      `GET /v1/${PATH}`,
      'GET /v1/secret/data/sonarqube/svc-orchestrator',
      'POST /v1/auth/jwt/login',
      'POST /v1/auth/token/revoke-self',
    ]);
  });

  for (const [reference, says] of [
    [`${PATH}#none`, `the field "none" of ${PATH} is null`],
    [`${PATH}#absent`, `${PATH} has no field "absent"`],
    [`${PATH}#/nested/list/01`, `${PATH} has no field #/nested/list/01`],
    [`${PATH}#/user/length`, `${PATH} has no field #/user/length`],
  ] as const) {
    test(`of several, one that is not there is told, and nothing is written: ${reference}`, async () => {
      const { status, stdout, stderr } = said(await run(`${PATH}#user ${reference}`));
      assert.deepEqual({ status, stdout }, { status: 5, stdout: '' });
      assert.ok(stderr.startsWith(`civault: ${says}\n`), stderr);
    });
  }

  test('two fields of one name are refused before the login', async () => {
    const { status, stdout, stderr } = said(await run(`${PATH}#user secret/data/ci/other#user`));
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    assert.match(
      stderr,
      /^civault: the name "user" would be in the object twice: .*\ncivault: hint: .* civault env --format json NAME=REF/,
    );
    assert.deepEqual(job.vault.requests, []);
  });

  for (const field of ['jks', 'lines', 'bare']) {
    test(`--base64-decode gives the bytes behind ${field}, on standard output and in a file`, async () => {
      const { status, stdout, stderr } = await run(`--base64-decode ${PATH}#${field}`);
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
      assert.equal(stdout.equals(KEYSTORE), true);
      const inFile = await run(`${PATH}#${field} --base64-decode --output app.jks`);
      assert.deepEqual(said(inFile), given(''));
      assert.equal(readFileSync(join(place.outside, 'app.jks')).equals(KEYSTORE), true);
      assert.equal(statSync(join(place.outside, 'app.jks')).mode & 0o777, 0o600);
    });
  }

  for (const [field, why] of [
    ['broken', 'character 101 belongs to no base64 alphabet'],
    ['short', 'it is cut short behind character 401'],
    ['nested', 'character 1 belongs to no base64 alphabet'],
  ] as const) {
    test(`--base64-decode of ${field} is an error: no byte is written, and the old file stays`, async () => {
      writeFileSync(join(place.outside, 'app.jks'), 'old');
      for (const flags of ['', '--output app.jks']) {
        const { status, stdout, stderr } = said(await run(`--base64-decode ${flags} ${PATH}#${field}`));
        assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
        assert.equal(
          stderr,
          `civault: ${PATH}#${field} is not base64: ${why}\n` +
            'civault: hint: to get it as Vault has it, leave --base64-decode off (docs/errors.md#config)\n',
        );
      }
      assert.deepEqual(
        [readdirSync(place.outside), readFileSync(join(place.outside, 'app.jks'), 'utf8')],
        [['app.jks'], 'old'],
      );
      assert.deepEqual(job.vault.liveTokens(), []);
    });
  }

  test('a field, a whole secret and an object in a file are what they are on standard output', async () => {
    for (const args of [`${PATH}#password`, PATH, `${PATH}#user ${PATH}#nested`]) {
      const { stdout } = await run(args);
      assert.deepEqual(said(await run(`${args} --output out`)), given(''));
      assert.equal(readFileSync(join(place.outside, 'out')).equals(stdout), true, args);
      assert.deepEqual((await run(`${args} --output=-`)).stdout, stdout);
    }
    assert.deepEqual(readdirSync(place.outside), ['out']);
  });
});
