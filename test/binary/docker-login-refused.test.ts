// Proves on the binary that docker-login refuses what cannot be right before Vault is asked, and credentials that Docker
// could not use; that the file is then as it was, and that no secret is told.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runCommand } from '../harness/command.ts';
import { assertRefused, dockerLogins, EXECUTOR, REGISTRY } from '../harness/docker-login.ts';

const at = dockerLogins();

describe('what is refused before Vault is asked', () => {
  for (const [what, content, says] of [
    ['that is cut short', '{"auths":{"a":{"auth":"c2VjcmV0"}}', /config\.json is not JSON at character 34\n/],
    ['that is a list', '[]', /config\.json is JSON, but no object\n/],
    ['whose auths is a list', '{"auths":[]}', /config\.json has "auths" that is no object\n/],
    ['that is not UTF-8', Buffer.from('7b2261223a22ff227d', 'hex'), /config\.json: it is not UTF-8\n/],
  ] as const) {
    test(`a config ${what} stays as it is`, async () => {
      writeFileSync(join(at.here, 'config.json'), content);
      const run = await at.login(`${REGISTRY} ${EXECUTOR}`);
      assertRefused(
        run,
        2,
        says,
        /\ncivault: hint: .*set DOCKER_CONFIG to another folder \(docs\/errors\.md#config\)\n$/,
      );
      assert.doesNotMatch(run.stderr, /c2Vjcm/);
      assert.deepEqual(readFileSync(join(at.here, 'config.json')), Buffer.from(content));
      assert.deepEqual([at.job.vault.requests.length, readdirSync(at.here)], [0, ['config.json']]);
    });
  }

  test('a config that is a folder, and one that is a pipe', async () => {
    mkdirSync(join(at.here, 'config.json'));
    assertRefused(
      await at.login(`${REGISTRY} ${EXECUTOR}`),
      2,
      /cannot read .*config\.json: it is a folder\n/,
    );
    rmSync(join(at.here, 'config.json'), { recursive: true });
    await runCommand('/usr/bin/mkfifo', [join(at.here, 'config.json')]);
    assertRefused(await at.login(`${REGISTRY} ${EXECUTOR}`), 2, /config\.json: it is no regular file\n/);
    assert.equal(at.job.vault.requests.length, 0);
  });

  test('a folder that cannot be made, and none at all', async () => {
    writeFileSync(join(at.here, 'file'), '');
    const env = { DOCKER_CONFIG: `${at.folder}/file/docker` };
    assertRefused(
      await at.login(`${REGISTRY} ${EXECUTOR}`, { env }),
      2,
      /cannot make the folder .*\(ENOTDIR\)\n.*hint: set DOCKER_CONFIG/,
    );
    const none = await at.login(`${REGISTRY} ${EXECUTOR}`, { env: { DOCKER_CONFIG: '', HOME: '' } });
    assertRefused(none, 2, /neither DOCKER_CONFIG nor HOME is set\n.*hint: set DOCKER_CONFIG to a folder/);
    const unfilled = await at.login(`${REGISTRY} ${EXECUTOR}`, {
      env: { DOCKER_CONFIG: '$CI_BUILDS/docker' },
    });
    assertRefused(
      unfilled,
      2,
      /DOCKER_CONFIG is "\$CI_BUILDS\/docker": a variable in it was never filled in\n/,
    );
    assert.equal(at.job.vault.requests.length, 0);
  });

  for (const [args, ...says] of [
    ['', /needs a REGISTRY and a REF\n/],
    [REGISTRY, /takes pairs of REGISTRY and REF/],
    [
      `${REGISTRY} ${EXECUTOR} other.example`,
      /takes pairs of REGISTRY and REF/,
      /hint: each REGISTRY is followed by/,
    ],
    [
      `${REGISTRY} ${EXECUTOR}#password`,
      /names a field/,
      /write secret\/data\/nexus\/svc-executor; .*--username-field username --password-field password \(docs\/errors\.md#usage\)\n/,
    ],
    [
      `${REGISTRY} nexus/svc-executor/password@secret`,
      /names a field/,
      /write secret\/data\/nexus\/svc-executor;/,
    ],
    [
      `${REGISTRY} '${EXECUTOR}?version=2#a' --username-field=/u/n`,
      /svc-executor\?version=2; .*--username-field \/u\/n/,
    ],
    [
      `nexus.example/team/app ${EXECUTOR}`,
      /it has a path\n/,
      /hint: write its host alone: nexus\.example \(docs\/errors\.md#usage\)\n/,
    ],
    [`${EXECUTOR} ${REGISTRY}`, /it has a path\n/, /hint: first the REGISTRY, then its REF/],
    [`'' ${EXECUTOR}`, /a REGISTRY is empty\n/],
    [`'$CI_REGISTRY' ${EXECUTOR}`, /never filled in\n/],
    [
      `docker.io ${EXECUTOR} https://index.docker.io/v1/ ${EXECUTOR}`,
      /https:\/\/index\.docker\.io\/v1\/ is given twice\n/,
    ],
    [`${REGISTRY} ${EXECUTOR} --password-field /a~b`, /--password-field is "\/a~b": not a field's name\n/],
    [`${REGISTRY} ${EXECUTOR} --output x`, /unknown flag "--output"\n/],
  ] as const) {
    test(`docker-login ${args}`, async () => {
      assertRefused(await at.login(args), 2, ...says);
      assert.deepEqual([at.job.vault.requests.length, readdirSync(at.here)], [0, []]);
    });
  }
});

describe('what is refused once the secret is there', () => {
  for (const [what, data, status, says] of [
    [
      'a user name with a colon',
      { username: 'user-name:with', password: 'pass-word-1' },
      2,
      /ci\/odd#username holds a colon\n/,
    ],
    ['an empty password', { username: 'user-name-1', password: '' }, 2, /ci\/odd#password is empty\n/],
    [
      'a password that ends in a line break',
      { username: 'user-name-1', password: 'pass-word-1\n' },
      2,
      /ci\/odd#password begins or ends with a line break\ncivault: hint: it would be sent with it/,
    ],
    [
      'a password with NUL',
      { username: 'user-name-1', password: 'pass-word-1\0' },
      2,
      /ci\/odd#password holds a NUL byte\n/,
    ],
    ['no such field', { username: 'user-name-1', secret: 'pass-word-1' }, 5, /has no field "password"\n/],
    ['a field that is null', { username: 'user-name-1', password: null }, 5, /"password" of .* is null\n/],
  ] as const) {
    test(`${what}: the file stays, and no value is told`, async () => {
      writeFileSync(join(at.here, 'config.json'), '{"a":1}');
      await at.job.vault.request('POST', 'secret/data/ci/odd', { data });
      const run = await at.login(`a.example ${EXECUTOR} ${REGISTRY} secret/data/ci/odd`);
      assertRefused(run, status, says);
      assert.doesNotMatch(run.stderr, /user-name|pass-word/);
      assert.equal(readFileSync(join(at.here, 'config.json'), 'utf8'), '{"a":1}');
      assert.deepEqual(readdirSync(at.here), ['config.json']);
      assert.deepEqual(at.job.vault.liveTokens(), at.alive);
    });
  }
});
