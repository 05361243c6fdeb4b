// Proves on the binary, in a BusyBox-only root where this user can make one, that docker-login puts credentials into
// Docker's config.json and loses nothing that is in it, whatever it is.

import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { assertDone, dockerLogins, EXECUTOR, ORCHESTRATOR, REGISTRY } from '../harness/docker-login.ts';

const at = dockerLogins();
const modeOf = (path: string) => (lstatSync(join(at.here, path)).mode & 0o777).toString(8);

describe('what is written', () => {
  for (const mask of ['000', '022', '077']) {
    test(`folders are 0700 and the file is 0600, with a umask of ${mask}`, async () => {
      const env = { ...at.job.env, HOME: `${at.folder}/a/b` };
      const run = await at.run(`umask ${mask}; exec civault docker-login ${REGISTRY} ${ORCHESTRATOR}`, {
        env,
      });
      const path = `${at.folder}/a/b/.docker/config.json`;
      assertDone(run, `civault: wrote the credentials of ${REGISTRY} to ${path}\n`);
      assert.deepEqual(['a', 'a/b', 'a/b/.docker'].map(modeOf), ['700', '700', '700']);
      assert.equal(modeOf('a/b/.docker/config.json'), '600');
      assert.equal(
        readFileSync(join(at.here, 'a/b/.docker/config.json'), 'utf8'),
        `{\n\t"auths": {\n\t\t"${REGISTRY}": {\n\t\t\t"auth": "${at.auth(ORCHESTRATOR)}"\n\t\t}\n\t}\n}\n`,
      );
      assert.deepEqual(readdirSync(join(at.here, 'a/b/.docker')), ['config.json']);
    });
  }

  test('several registries take one login, one read a secret and one revocation', async () => {
    const run = await at.login(
      `${REGISTRY} ${ORCHESTRATOR} docker.io ${EXECUTOR} https://b.example/v2/ ${EXECUTOR}`,
    );
    assertDone(run, at.wrote(REGISTRY, 'https://index.docker.io/v1/', 'b.example'));
    assert.deepEqual(at.config(), {
      auths: {
        [REGISTRY]: { auth: at.auth(ORCHESTRATOR) },
        'https://index.docker.io/v1/': { auth: at.auth(EXECUTOR) },
        'b.example': { auth: at.auth(EXECUTOR) },
      },
    });
    assert.deepEqual(at.job.vault.requests.map(({ method, path }) => `${method} ${path}`).sort(), [
      `GET /v1/${EXECUTOR}`,
      `GET /v1/${ORCHESTRATOR}`,
      'POST /v1/auth/jwt/login',
      'POST /v1/auth/token/revoke-self',
    ]);
  });

  test('a config keeps all else, its numbers too, and the entry is replaced as a whole', async () => {
    const old = `{"psFormat":"x","auths":{"z.example":{"auth":"eg=="},"${REGISTRY}":{"identitytoken":"old"}},"n":12345678901234567890,"f":1.10}`;
    writeFileSync(join(at.here, 'config.json'), old, { mode: 0o644 });
    assertDone(await at.login(`${REGISTRY} ${EXECUTOR}`), at.wrote(REGISTRY));
    const text = readFileSync(join(at.here, 'config.json'), 'utf8');
    assert.equal(
      text.replace(/[\n\t]/g, '').replaceAll('": ', '":'),
      old.replace('"identitytoken":"old"', `"auth":"${at.auth(EXECUTOR)}"`),
    );
    assert.equal(modeOf('config.json'), '600');
    assertDone(await at.login(`${REGISTRY} ${EXECUTOR}`), at.wrote(REGISTRY));
    assert.equal(readFileSync(join(at.here, 'config.json'), 'utf8'), text);
  });

  for (const [what, exists] of [
    ['there', true],
    ['not there yet', false],
  ] as const) {
    test(`a symbolic link stays, and the file that it points to is written: ${what}`, async () => {
      mkdirSync(join(at.here, 'real'));
      symlinkSync('real/of-many', join(at.here, 'config.json'));
      if (exists) writeFileSync(join(at.here, 'real/of-many'), '{"a":1}');
      assertDone(await at.login(`${REGISTRY} ${EXECUTOR}`), at.wrote(REGISTRY));
      assert.ok(lstatSync(join(at.here, 'config.json')).isSymbolicLink());
      assert.deepEqual(at.config(), {
        ...(exists ? { a: 1 } : {}),
        auths: { [REGISTRY]: { auth: at.auth(EXECUTOR) } },
      });
      assert.deepEqual(
        [readdirSync(at.here), readdirSync(join(at.here, 'real'))],
        [['config.json', 'real'], ['of-many']],
      );
    });
  }

  test('other fields, by name and by JSON Pointer', async () => {
    await at.job.vault.request('POST', 'secret/data/ci/registry', {
      data: { 'robot.name': 'robot$ci', '': 'empty name' },
    });
    assertDone(
      await at.login(`a.example secret/ci/registry --username-field robot.name --password-field=`),
      at.wrote('a.example'),
    );
    assert.equal(at.config().auths['a.example'].auth, Buffer.from('robot$ci:empty name').toString('base64'));
    const pointers = `--username-field /nested/user --password-field '/nested/a~1b/c~0d'`;
    assertDone(await at.login(`b.example secret/data/ci/everything ${pointers}`), at.wrote('b.example'));
    assert.match(Buffer.from(at.config().auths['b.example'].auth, 'base64').toString(), /^inner:[\w-]{12}$/);
  });

  test('a dynamic secret leaves the token alive, and says so', async () => {
    const { status, stderr } = await at.login('a.example database/creds/ci-readonly');
    assert.equal(status, 0);
    assert.match(
      stderr,
      /^civault: wrote the credentials of a\.example .*\ncivault: note: the Vault token is left alive for the lease of /,
    );
  });

  test('a program that Docker asks instead is told', async () => {
    writeFileSync(
      join(at.here, 'config.json'),
      '{"credsStore":"desktop","credHelpers":{"ecr.example":"ecr-login"}}',
    );
    const run = await at.login(`ecr.example ${EXECUTOR} a.example ${EXECUTOR}`, {
      env: { DOCKER_AUTH_CONFIG: '{"auths":{"a.example":{"auth":"b2xkOm9sZA=="}}}' },
    });
    assert.equal(run.status, 0);
    assert.deepEqual(run.stderr.split('\n').slice(2), [
      `civault: warning: for ecr.example Docker asks docker-credential-ecr-login (credHelpers in ${at.folder}/config.json) and not this entry: take the registry out of credHelpers, or set DOCKER_CONFIG to another folder`,
      `civault: warning: for a.example Docker asks docker-credential-desktop (credsStore in ${at.folder}/config.json) and not this entry: take credsStore out, or set DOCKER_CONFIG to another folder`,
      'civault: warning: DOCKER_AUTH_CONFIG holds credentials of a.example too, which Docker 28.3 and later take before this entry: unset it, or take the registry out of it',
      '',
    ]);
  });
});
