// Proves which authorities the binary trusts: the one that the user names and no other; else the system's, wherever the
// image keeps them; else Node's own roots.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { type BusyboxRoot, makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { type Job, startJob } from '../harness/job.ts';
import {
  assertFailed,
  assertFetched,
  assertNoToken,
  bothFail,
  type Env,
  get,
  REF,
} from '../harness/judged-run.ts';
import { createAuthority } from '../vault/authority.ts';

const UNTRUSTED = /issuer that is not trusted here/;

let job: Job;
let env: Env;
let right: string;
let wrong: string;
let folder: string;

before(async () => {
  job = await startJob();
  env = { ...job.env, VAULT_CACERT_BYTES: '' };
  right = job.vault.authority.certificatePem;
  wrong = (await createAuthority('Another CA')).certificatePem;
  folder = mkdtempSync(join(tmpdir(), 'civault-trust-'));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await job.end();
});

function file(name: string, text: string): string {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

// The name that OpenSSL looks a certificate up by, as `openssl rehash` would make it.
function hashed(pem: string): string {
  const hash = execFileSync('openssl', ['x509', '-subject_hash', '-noout'], { input: pem, encoding: 'utf8' });
  return `${hash.trim()}.0`;
}

describe('the CA that the user names', () => {
  test('is taken from VAULT_CACERT, also from among others in one file, with any line ends', async () => {
    assertFetched(await get({ ...env, VAULT_CACERT: file('ca.pem', right) }));
    const bundle = `# ours\r\n${wrong}\n${right}`.replaceAll(/\r?\n/g, '\r\n');
    assertFetched(await get({ ...env, VAULT_CACERT: file('bundle.pem', bundle) }));
  });

  test('is taken from VAULT_CACERT_BYTES', async () => {
    assertFetched(await get({ ...env, VAULT_CACERT_BYTES: `${wrong}${right}` }));
    await bothFail({ ...env, VAULT_CACERT_BYTES: 'ca.pem' }, [], 2, /VAULT_CACERT_BYTES: .*holds no/);
  });

  test('is found in the folder VAULT_CAPATH among other files', async () => {
    file('capath/README', 'hello');
    file('capath/a.pem', wrong);
    file('capath/z.crt', right);
    symlinkSync('nowhere', join(folder, 'capath/dangling.pem'));
    mkdirSync(join(folder, 'capath/more'));
    assertFetched(await get({ ...env, VAULT_CAPATH: join(folder, 'capath') }));
  });

  test('counts from --ca-file before all variables, and from each of those in its turn', async () => {
    const good = file('good.pem', right);
    const bad = file('bad.pem', wrong);
    file('bad/bad.pem', wrong);
    const VAULT_CAPATH = join(folder, 'bad');
    const others = { ...env, VAULT_CACERT: bad, VAULT_CACERT_BYTES: wrong, VAULT_CAPATH };
    assertFetched(await get(others, '--ca-file', good));
    assertFetched(await get({ ...others, VAULT_CACERT: good }));
    assertFetched(await get({ ...others, VAULT_CACERT: '', VAULT_CACERT_BYTES: right }));
    await bothFail({ ...others, VAULT_CACERT: '', VAULT_CACERT_BYTES: '' }, [], 7, UNTRUSTED);
    await bothFail({ ...others, VAULT_CACERT: good }, ['--ca-file', bad], 7, UNTRUSTED);
  });

  test('stands alone: what the system trusts besides is not trusted', async () => {
    const system = { SSL_CERT_FILE: file('system.pem', right) };
    assertFetched(await get({ ...env, ...system }));
    await bothFail({ ...env, ...system, VAULT_CACERT: file('own.pem', wrong) }, [], 7, UNTRUSTED);
    await bothFail({ ...env, ...system, VAULT_CACERT_BYTES: wrong }, [], 7, UNTRUSTED);
  });

  for (const [what, given, says] of [
    [
      'a file that is not there',
      { VAULT_CACERT: '/not/there.pem' },
      /VAULT_CACERT: .*there\.pem": it is not there \(ENOENT\)/,
    ],
    [
      'a folder in place of a file',
      { VAULT_CACERT: '/' },
      /VAULT_CACERT: cannot read "\/": it is a folder \(EISDIR\)/,
    ],
    [
      'a folder that is not there',
      { VAULT_CAPATH: '/not/there' },
      /VAULT_CAPATH: .*there": it is not there \(ENOENT\)/,
    ],
    [
      'a folder without a certificate',
      { VAULT_CAPATH: '/usr' },
      /VAULT_CAPATH: there is no certificate in "\/usr"/,
    ],
  ] as const) {
    test(`is a wrong setting where it is ${what}`, () => bothFail({ ...env, ...given }, [], 2, says));
  }
});

const reason = whyNoRoot() ?? whyNoOpenssl();

function whyNoOpenssl(): string | undefined {
  try {
    execFileSync('openssl', ['version']);
    return undefined;
  } catch {
    return 'there is no openssl to name certificates by their hashes';
  }
}

describe("the system's own, in a BusyBox root", { skip: reason ?? false }, () => {
  let root: BusyboxRoot;
  before(() => {
    root = makeBusyboxRoot();
  });
  after(() => root?.remove());
  afterEach(() => {
    for (const name of ['etc', 'kaniko', 'system', 'own']) {
      rmSync(join(root.path, name), { recursive: true, force: true });
    }
  });

  const run = async (given: Env = {}) => {
    const all = { ...env, ...given };
    const outcome = await root.run(`civault get '${REF}'`, { env: all });
    assertNoToken(outcome, all);
    return outcome;
  };

  for (const place of ['/etc/ssl/certs', '/etc/pki/tls/certs', '/system/etc/security/cacerts']) {
    test(`is found in the hashed folder ${place}`, async () => {
      root.put(`${place}/README`, 'hello');
      root.put(`${place}/${hashed(wrong)}`, wrong);
      root.put(`${place}/${hashed(right)}`, right);
      assertFetched(await run());
    });
  }

  for (const place of [
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
    '/etc/pki/tls/certs/ca-bundle.crt',
    '/etc/ssl/ca-bundle.pem',
    '/etc/ssl/cert.pem',
    '/kaniko/ssl/certs/ca-certificates.crt',
  ]) {
    test(`is found in the bundle ${place}`, async () => {
      root.put(place, `# all\n${wrong}\n${right}`);
      assertFetched(await run());
    });
  }

  test('is found in a bundle that a job appended its CA to, beside a hashed folder without it', async () => {
    root.put(`etc/ssl/certs/${hashed(wrong)}`, wrong);
    root.put('etc/ssl/certs/ca-certificates.crt', `${wrong}\n${right}`);
    assertFetched(await run());
  });

  test('is found there by all the reads that meet the unknown issuer side by side', async () => {
    root.put(`etc/ssl/certs/${hashed(wrong)}`, wrong);
    root.put('etc/ssl/certs/ca-certificates.crt', `${wrong}\n${right}`);
    // With a token of its own a job begins with its reads: no login comes before them.
    const made = await job.vault.request('POST', 'auth/token/create', { policies: ['nexus-ci'], ttl: '5m' });
    const VAULT_TOKEN: string = JSON.parse(made.text).auth.client_token;
    const references = ['nexus/svc-orchestrator', 'nexus/svc-executor', 'sonarqube/svc-orchestrator'];
    const mappings = references.map((path, index) => `P${index}_*=secret/data/${path}`).join("' '");
    const { status, stderr } = await root.run(`civault env '${mappings}' --retries 0`, {
      env: { ...env, VAULT_TOKEN },
    });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  });

  test('is found in the bundle of an image whose hashed folder was copied without what it links to', async () => {
    root.put('etc/ssl/certs/ca-certificates.crt', `${wrong}\n${right}`);
    symlinkSync('/usr/share/ca-certificates/right.crt', join(root.path, 'etc/ssl/certs', hashed(right)));
    assertFetched(await run());
  });

  test('is taken from SSL_CERT_FILE in place of the usual places', async () => {
    root.put('own/ca.pem', right);
    root.put('etc/ssl/cert.pem', wrong);
    assertFetched(await run({ SSL_CERT_FILE: '/own/ca.pem' }));
    assertFailed(await run(), 7, UNTRUSTED);
  });

  test('is taken from SSL_CERT_DIR in place of the usual places, also from a list of folders', async () => {
    root.put(`own/certs/${hashed(right)}`, right);
    root.put(`etc/ssl/certs/${hashed(wrong)}`, wrong);
    assertFetched(await run({ SSL_CERT_DIR: '/own/certs' }));
    assertFetched(await run({ SSL_CERT_DIR: '/not/there:/own/certs' }));
  });

  test('is found in a folder of SSL_CERT_DIR that has no hashed names, as Kaniko sets it', async () => {
    root.put('kaniko/ssl/certs/ca-certificates.crt', `${wrong}\n${right}`);
    assertFetched(await run({ SSL_CERT_DIR: '/kaniko/ssl/certs' }));
  });

  for (const [what, text] of [
    [
      'for FIPS',
      'nodejs_conf = n\n[n]\nproviders = p\nalg_section = a\n[p]\nfips = f\nbase = f\n[f]\nactivate = 1\n[a]\ndefault_properties = fips=yes\n',
    ],
    ['that is broken', '[[[\n'],
  ]) {
    test(`is used whatever openssl.cnf the image has, also one ${what}`, async () => {
      root.put('etc/ssl/openssl.cnf', text ?? '');
      root.put('etc/ssl/cert.pem', right);
      assertFetched(await run());
    });
  }

  test('does not help a CA of the user that is another', async () => {
    root.put('etc/ssl/cert.pem', right);
    root.put(`etc/ssl/certs/${hashed(right)}`, right);
    root.put('own/ca.pem', wrong);
    assertFetched(await run());
    assertFailed(await run({ VAULT_CACERT: '/own/ca.pem' }), 7, UNTRUSTED);
    assertFailed(await run({ VAULT_CACERT_BYTES: wrong }), 7, UNTRUSTED);
  });

  test("gives way to Node's roots where there is none, and those do not know a private CA", async () => {
    assertFailed(await run(), 7, UNTRUSTED, /hint: .*VAULT_CACERT=/);
  });
});
