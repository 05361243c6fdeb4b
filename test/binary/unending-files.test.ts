// Proves that no setting which names a file makes a run wait for a pipe, or read a device without end: the time limit and signals
// would count for nothing meanwhile.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Job, startJob } from '../harness/job.ts';
import { assertFailed, assertFetched, get, judged, REF } from '../harness/judged-run.ts';

let job: Job;
let folder: string;
let pipe: string;
before(async () => {
  job = await startJob();
  folder = mkdtempSync(join(tmpdir(), 'civault-unending-'));
  pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await job.end();
});

const unending = (): readonly string[] => [pipe, '/dev/zero'];

for (const name of ['VAULT_CACERT', 'VAULT_CLIENT_CERT', 'VAULT_CLIENT_KEY']) {
  test(`${name}: a wrong setting`, async () => {
    for (const path of unending()) {
      const others = {
        VAULT_CACERT: '',
        VAULT_CLIENT_CERT: job.caFile,
        VAULT_CLIENT_KEY: job.caFile,
      };
      const env = {
        ...job.env,
        VAULT_CACERT_BYTES: job.vault.authority.certificatePem,
        ...others,
        [name]: path,
      };
      assertFailed(await get(env), 2, new RegExp(`${name}: cannot read ".*": it is a pipe or a device`));
    }
  });
}

test('VAULT_CAPATH: a wrong setting', async () => {
  for (const path of unending()) {
    const env = { ...job.env, VAULT_CACERT: '', VAULT_CACERT_BYTES: '', VAULT_CAPATH: path };
    assertFailed(await get(env), 2, /VAULT_CAPATH: ".*" is no folder/);
  }
});

test('VAULT_CAPATH: what is no file in that folder is passed over', async () => {
  const place = join(folder, 'authorities');
  mkdirSync(place);
  execFileSync('mkfifo', [join(place, 'a-pipe')]);
  writeFileSync(join(place, 'ca.pem'), job.vault.authority.certificatePem);
  assertFetched(await get({ ...job.env, VAULT_CACERT: '', VAULT_CACERT_BYTES: '', VAULT_CAPATH: place }));
});

describe('as the system’s own certificates they are none', () => {
  for (const name of ['SSL_CERT_FILE', 'SSL_CERT_DIR']) {
    test(name, async () => {
      for (const path of unending()) {
        const env = { ...job.env, VAULT_CACERT: '', VAULT_CACERT_BYTES: '', [name]: path };
        assertFailed(await get(env), 7, /issuer that is not trusted here/);
      }
    });
  }
});

test('CI_SERVER_TLS_CA_FILE: none either', async () => {
  for (const path of unending()) {
    const env = {
      CI_API_V4_URL: `${job.env['VAULT_ADDR']}/api/v4`,
      CI_PROJECT_ID: '1',
      CI_JOB_TOKEN: 'glcbt-0_none',
      CI_SERVER_TLS_CA_FILE: path,
    };
    assertFailed(await judged(['download', 'notes.txt'], { env }), 7, /issuer that is not trusted here/);
  }
});

test('a file that is too large to be one of certificates is not read', async () => {
  const large = join(folder, 'large.pem');
  writeFileSync(large, Buffer.alloc(4 * 1024 * 1024 + 1, '\n'));
  const env = { ...job.env, VAULT_CACERT: large };
  assertFailed(await get(env), 2, /VAULT_CACERT: cannot read ".*": it is larger than 4 MiB \(EFBIG\)/);
});

test('a byte order mark before a certificate is passed over', async () => {
  const marked = join(folder, 'marked.pem');
  writeFileSync(marked, `\uFEFF${job.vault.authority.certificatePem}`);
  assertFetched(await get({ ...job.env, VAULT_CACERT_BYTES: '', VAULT_CACERT: marked }));
});

test('doctor goes on behind it', async () => {
  const env = { ...job.env, VAULT_CACERT: pipe };
  const run = await judged(['doctor', REF], { env });
  assert.equal(run.status, 2, run.stdout.toString());
  assert.match(run.stdout.toString(), /VAULT_CACERT: cannot read/);
});
