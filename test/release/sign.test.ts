// Proves what build/sign.sh asks of cosign. The signatures themselves want Sigstore, which the tests do not have.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { PROVENANCE, SIGNATURES, SUMS } from '../../build/assets.ts';
import { runCommand } from '../harness/command.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('sign.sh signs SHA256SUMS and the provenance, and verifies both as this tag’s pipeline', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'civault-sign-'));
  try {
    for (const name of ['build', 'dist', 'bin']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'build/sign.sh'), readFileSync(join(ROOT, 'build/sign.sh')));
    writeFileSync(join(folder, 'civault-metadata.json'), '{}');
    // A stand-in: real signatures want Sigstore. It writes down what it is told.
    const cosign = join(folder, 'bin/cosign');
    writeFileSync(cosign, '#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done\necho\n');
    chmodSync(cosign, 0o755);
    const env = {
      PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
      CI_COMMIT_TAG: 'v1.2.3',
      CI_PROJECT_URL: 'https://gitlab.example.com/platform/civault',
      CI_SERVER_URL: 'https://gitlab.example.com',
    };
    const sign = (more: object) =>
      runCommand('sh', [join(folder, 'build/sign.sh')], { env: { ...env, ...more } });
    const refused = await sign({});
    assert.deepEqual([refused.status, refused.stdout.length], [1, 0]);
    assert.match(refused.stderr, /^sign: there is no SIGSTORE_ID_TOKEN/);

    const { status, stdout, stderr } = await sign({
      SIGSTORE_ID_TOKEN: 'marked',
      SIGSTORE_TRUSTED_ROOT: '/a b',
    });
    assert.deepEqual([status, stderr], [0, '']);
    const calls = stdout
      .toString()
      .split('\n\n')
      .filter((call) => call !== '')
      .map((call) => call.split('\n'));
    const identity = 'https://gitlab.example.com/platform/civault//.gitlab-ci.yml@refs/tags/v1.2.3';
    const expected = [SUMS, PROVENANCE].flatMap((name) => [
      ['sign-blob', '--yes', '--bundle', `dist/${name}.sigstore.json`, `dist/${name}`],
      [
        ...['verify-blob', '--trusted-root', '/a b', '--bundle', `dist/${name}.sigstore.json`],
        ...['--certificate-identity', identity],
        ...['--certificate-oidc-issuer', 'https://gitlab.example.com', `dist/${name}`],
      ],
    ]);
    assert.deepEqual(calls, expected);
    assert.equal(stdout.includes('marked'), false, 'the token is in no argument');
    assert.deepEqual(
      [SUMS, PROVENANCE].map((name) => `${name}.sigstore.json`),
      SIGNATURES,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
