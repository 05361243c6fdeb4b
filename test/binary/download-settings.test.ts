// Proves on the binary by which address, certificates and proxy a download reaches GitLab; that Vault's settings and Node's
// change nothing about it; and that its flags are its own.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { assertDone, assertEnded, downloads } from '../harness/downloads.ts';
import { proxiesOfTests } from '../harness/proxy-server.ts';

const at = downloads();
const proxy = proxiesOfTests();
const AMD = 'civault-linux-amd64';
const port = () => new URL(at.job.gitlab.origin).port;

describe('the address', () => {
  for (const [what, path] of [
    ['the server', ''],
    ['the server with a slash', '/'],
    ['the API', '/api/v4'],
  ] as const) {
    test(`--server names ${what}`, async () => {
      const env = { CI_API_V4_URL: 'https://127.0.0.1:9/api/v4' };
      const flags = `--server ${at.job.gitlab.origin}${path} --token-variable CI_JOB_TOKEN`;
      assertDone(await at.download(`${AMD} ${flags}`, { env }));
    });
  }

  test("another GitLab than the job's does not get the job's token", async () => {
    const env = { CI_API_V4_URL: 'https://127.0.0.1:9/api/v4' };
    assertEnded(
      await at.download(`${AMD} --server ${at.job.gitlab.origin}`, { env }),
      5,
      /with no token \(404\)/,
    );
    for (const { headers } of at.job.gitlab.requests) assert.equal(headers['job-token'], undefined);
  });

  test('GitLab below a path: the token goes there, and not to what else has its origin', async () => {
    const { origin } = at.job.gitlab;
    const url = `${origin}/gitlab/api/v4/projects/${at.job.project.id}/packages/generic/civault/1.2.3/${AMD}`;
    const links = [
      { name: 'ours', url },
      { name: 'other', url: `${origin}/other-service/collect` },
    ];
    const tokens: unknown[] = [];
    at.befall((request, response, next) => {
      const { url: path = '', headers } = request;
      if (path.startsWith('/other-service')) {
        tokens.push(headers['job-token']);
        response.writeHead(404).end();
      } else if (/^\/gitlab\/.*\/releases\//.test(path)) {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ tag_name: 'v1', assets: { links } }));
      } else {
        request.url = path.replace(/^\/gitlab/, '');
        next();
      }
    });
    const env = { CI_API_V4_URL: `${origin}/gitlab/api/v4` };
    assertDone(await at.download('ours', { env }));
    assertEnded(await at.download('other', { env }), 5, /there is no such file/);
    assert.deepEqual(tokens, [undefined]);
  });

  test('of a group in the place of the server is told as that', async () => {
    const server = `${at.job.gitlab.origin}/platform`;
    const run = await at.download(`${AMD} --server ${server}`);
    assertEnded(
      run,
      4,
      /asks to sign in where GitLab's API should be: \/platform\/api\/v4/,
      /hint: check --server/,
    );
  });
});

describe('certificates', () => {
  const none = { CI_SERVER_TLS_CA_FILE: '' };
  test('of nobody known are refused, whatever Vault and Node are told', async () => {
    const env = { ...none, VAULT_SKIP_VERIFY: 'true', NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    assertEnded(await at.download(AMD, { env }), 7, /its certificate is from an issuer/);
    assert.deepEqual(at.asked(), []);
  });
  test("by --ca-file, by CI_SERVER_TLS_CA_FILE, by the system's file", async () => {
    writeFileSync(join(at.here, 'ca.pem'), at.job.gitlab.authority.certificatePem);
    assertDone(await at.download(`${AMD} --ca-file ca.pem`, { env: none }));
    assertDone(await at.download(`notes.txt`, { env: { CI_SERVER_TLS_CA_FILE: `${at.folder}/ca.pem` } }));
    assertDone(
      await at.download('civault-linux-arm64', { env: { ...none, SSL_CERT_FILE: `${at.folder}/ca.pem` } }),
    );
  });
  test('of Vault count for nothing, right or wrong', async () => {
    const pem = at.job.gitlab.authority.certificatePem;
    assertEnded(await at.download(AMD, { env: { ...none, VAULT_CACERT_BYTES: pem } }), 7, /issuer/);
    const env = {
      VAULT_CACERT: '/none',
      VAULT_CLIENT_TIMEOUT: '1ms',
      VAULT_PROXY_ADDR: 'http://127.0.0.1:9',
      VAULT_MAX_RETRIES: 'x',
    };
    assertDone(await at.download(AMD, { env }));
  });
});

describe('a proxy', () => {
  // Loopback is never asked for through one, so GitLab has another name, which the proxy alone knows.
  const named = () => ({
    CI_API_V4_URL: `https://gitlab.test:${port()}/api/v4`,
    CI_JOB_TOKEN: '',
    HTTPS_PROXY: '',
  });
  test('by HTTPS_PROXY has a tunnel opened, and TLS is with GitLab', async () => {
    const { host, asked } = await proxy();
    const env = { ...named(), HTTPS_PROXY: `http://${host}` };
    const run = await at.download(AMD, { env });
    assertEnded(run, 7, /certificate/);
    assert.deepEqual([...new Set(asked)], [`CONNECT gitlab.test:${port()}`]);
  });
  test('that refuses is told, and NO_PROXY leaves it out', async () => {
    const { host, asked } = await proxy({ refuse: 403 });
    const env = { ...named(), HTTPS_PROXY: `http://${host}` };
    assertEnded(await at.download(`${AMD} --retries 0`, { env }), 6, /HTTPS_PROXY/);
    const before = asked.length;
    assert.notEqual(before, 0);
    const run = await at.download(`${AMD} --retries 0`, { env: { ...env, NO_PROXY: '.test' } });
    assert.notEqual(run.status, 0);
    assert.equal(asked.length, before);
  });
});

describe('flags', () => {
  for (const [args, says] of [
    [`${AMD} --role x`, /unknown flag "--role"/],
    [`${AMD} --address https://x`, /unknown flag "--address"/],
    [`${AMD} --no-revoke`, /unknown flag "--no-revoke"/],
    ['', /download needs an ASSET/],
    [`''`, /an ASSET is empty/],
    [`${AMD} --tag ''`, /--tag is empty/],
    [`${AMD} --tag '$CI_COMMIT_TAG'`, /--tag is "\$CI_COMMIT_TAG": a variable in it was never filled in/],
    [`${AMD} --sha256 abc`, /--sha256 is "abc": not a SHA-256 digest/],
    [`${AMD} --sha256 ''`, /--sha256 is empty/],
    [`${AMD} --package a/1/b`, /--package and ASSET do not go together/],
    ['--package a/1/b --tag v1', /--package and --tag do not go together/],
    ['--package a/b', /--package is "a\/b": not NAME\/VERSION\/FILE/],
    ['--package a/1/../b', /not NAME\/VERSION\/FILE/],
    ['--package a/../b', /not NAME\/VERSION\/FILE/],
  ] as const) {
    test(`download ${args} is refused before anything is asked for`, async () => {
      assertEnded(await at.download(args), 2, says);
      assert.deepEqual([at.asked(), at.list()], [[], []]);
    });
  }
  for (const flag of ['server', 'project', 'tag', 'sha256', 'token-variable', 'package']) {
    test(`--${flag} is download's alone`, async () => {
      const run = await at.run(`civault get secret/data/x#y --${flag} z`);
      assertEnded(run, 2, new RegExp(`unknown flag "--${flag}"`));
    });
  }
});
