// Proves on the binary where the result of `civault inject` goes, what it asks Vault, and that a failure leaves what was
// there.

import assert from 'node:assert/strict';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { makeBusyboxRoot, whyNoRoot } from '../harness/busybox-root.ts';
import { injections, RESULT, TEMPLATE, URL, URL_OF } from '../harness/injection.ts';
import { assertFailed } from '../harness/judged-run.ts';

describe('what civault inject gives, in a BusyBox root where there can be one', () => {
  const at = injections();

  test('takes one login, one read a path and one revocation', async () => {
    at.put(
      'template',
      `${TEMPLATE}${TEMPLATE}{{ civault secret/data/nexus/svc-orchestrator#password | json }}`,
    );
    await at.run('civault inject template --output result');
    assert.deepEqual(at.sent().sort(), [
      'GET /v1/secret/data/nexus/svc-orchestrator',
      'GET /v1/secret/data/sonarqube/svc-orchestrator',
      'POST /v1/auth/jwt/login',
      'POST /v1/auth/token/revoke-self',
    ]);
    assert.deepEqual(at.job.vault.liveTokens(), []);
  });

  test('a leased secret is one, however many of its fields are filled in, and its token is kept', async () => {
    at.put(
      'template',
      '{{civault database/creds/ci-readonly#username}}:{{civault database/creds/ci-readonly#password}}',
    );
    const { status, stdout, stderr } = await at.run('civault inject template');
    assert.equal(status, 0);
    assert.match(stdout.toString(), /^v-jwt-ci-[\w-]{8}:[\w-]{20}$/);
    assert.match(
      stderr,
      /^civault: note: the Vault token is left alive for the lease of database\/creds\/[^\n]*\n$/,
    );
    assert.equal(at.sent().filter((line) => line === 'GET /v1/database/creds/ci-readonly').length, 1);
  });

  test('without a placeholder nothing is asked, and it is written as it is', async () => {
    const bytes = Buffer.from('\ufeff{{ .Values.x }}\r\n\0\xff$[[ inputs.civault ]]', 'latin1');
    at.put('plain', bytes);
    const { status, stdout, stderr } = await at.run(
      'civault inject plain; civault inject plain --output copy 2> said',
      { env: {} },
    );
    assert.deepEqual([status, stdout, readFileSync(join(at.folder, 'copy'))], [0, bytes, bytes]);
    assert.equal(stderr, 'civault: note: plain holds no {{ civault REF }}: it is written as it is\n');
    assert.deepEqual(at.sent(), []);
  });

  test('a template in UTF-16 is no template without placeholders', async () => {
    at.put('wide', Buffer.from(`\ufeffpassword={{ civault ${URL_OF} }}\r\n`, 'utf16le'));
    const { status, stdout, stderr } = await at.run('civault inject wide', { env: {} });
    assert.deepEqual([status, stdout.length], [2, 0]);
    assert.match(stderr, /cannot fill wide: it is UTF-16.*\n.*iconv -f UTF-16 -t UTF-8/);
    at.put('binary', Buffer.from('\0\0{ civault'));
    assert.equal((await at.run('civault inject binary', { env: {} })).status, 0);
  });

  test('what only looks like a placeholder is left, and told', async () => {
    at.put('template', `a\n  {{- civault ${URL_OF} -}}{{ civault ${URL_OF} }}{{{ civault x }}}`);
    await at.gives(
      'civault inject template',
      `a\n  {{- civault ${URL_OF} -}}${URL}{{{ civault x }}}`,
      'civault: warning: template:2:3: this is left as it is, and 1 more like it: a placeholder is written {{ civault REF }}\n',
    );
  });

  test('the result is for its owner alone, whatever the umask; a link to it stays; the template may be it', async () => {
    await at.gives(
      'umask 0; civault inject template --output new; : > there; civault inject template --output there; ' +
        'ln -s there link; civault inject template --output link; civault inject template --output template; ' +
        'stat -c %a new there template; ls -A',
      '600\n600\n600\nlink\nnew\ntemplate\nthere\n',
    );
    for (const name of ['new', 'there', 'template']) assert.equal(at.see(name), RESULT);
    assert.ok(lstatSync(join(at.folder, 'link')).isSymbolicLink());
  });

  for (const [what, template, status, part, mayAsk] of [
    [
      'a placeholder that is not closed',
      'a\n {{ civault x/y#z }\n',
      2,
      /template:2:2: the placeholder is not closed\n/,
    ],
    [
      'an unknown escape',
      '{{ civault x/y#z | html }}{{ civault }}',
      2,
      /unknown escape "html": there are xml, json, uri, base64 \(and 1 more is wrong\)\n/,
    ],
    ['a bad REF', '{{ civault x }}', 2, /template:1:1: "x" is not a secret's reference/],
    [
      'a secret that is not there',
      `${TEMPLATE}{{ civault secret/data/ci/absent#x }}`,
      5,
      /no secret at secret\/data\/ci\/absent/,
      true,
    ],
    [
      'a field that is not there',
      `${TEMPLATE}{{ civault secret/data/ci/everything#x }}`,
      5,
      /template:3:1: secret\/data\/ci\/everything has no field "x"/,
      true,
    ],
    [
      'a path that is refused',
      `${TEMPLATE}{{ civault secret/data/nexus/admin#password }}`,
      4,
      /secret\/data\/nexus\/admin/,
      true,
    ],
  ] as const) {
    test(`${what} gives no output and leaves the old file`, async () => {
      at.put('template', template);
      at.put('old', 'as it was');
      assertFailed(await at.run('civault inject template'), status, part);
      assertFailed(await at.run('civault inject template --output old'), status, part);
      assertFailed(await at.run('civault inject template --output template'), status, part);
      assertFailed(await at.run('civault inject template --output new'), status, part);
      assert.deepEqual(
        [at.see('old'), at.see('template'), existsSync(join(at.folder, 'new'))],
        ['as it was', template, false],
      );
      if (mayAsk !== true) assert.deepEqual(at.sent(), []);
    });
  }

  test('a template that may not be read, and a folder that may not be written, for another user', async (context) => {
    const why = whyNoRoot();
    if (why !== undefined) return context.skip(why);
    const root = makeBusyboxRoot();
    try {
      root.put('/own/template', TEMPLATE);
      root.put('/own/old', 'as it was');
      const asUser = { user: '1000:1000', env: at.job.env };
      await root.run('chmod 600 /own/old');
      assertFailed(
        await root.run('civault inject /own/old', asUser),
        2,
        /this user may not read it \(EACCES\)/,
      );
      const written = await root.run('civault inject /own/template --output /own/result', asUser);
      assertFailed(written, 2, /cannot write \/own\/result: this user may not write there \(EACCES\)/);
      assert.deepEqual(at.sent(), []);
    } finally {
      root.remove();
    }
  });
});
