// Proves on the binary that files as people write them, filled in by `civault inject`, are read by their own readers as
// holding the secrets.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { judged } from '../harness/judged-run.ts';

const NEXUS = 'secret/data/nexus/svc-orchestrator';
const PLAIN = 'secret/data/nexus/svc-executor';
const ODD = 'secret/data/ci/everything';

const SETTINGS_XML = `<?xml version="1.0" encoding="ISO-8859-1"?>
<!-- caf\u00e9 -->
<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0">
  <localRepository>\${user.home}/.m2</localRepository>
  <servers>
    <server>
      <id>nexus</id>
      <username>{{ civault ${NEXUS}#username | xml }}</username>
      <password>{{ civault ${NEXUS}#password | xml }}</password>
    </server>
  </servers>
  <profile key="{{ civault ${ODD}#multiline | xml }}"/>
</settings>
`;

const VALUES_YAML = `# chart values
image: "{{ .Values.image }}"
nexus:
  user: "{{ civault ${NEXUS}#username | json }}"
  password: "{{ civault ${NEXUS}#password | json }}"   # quoted
  inline: { key: "{{ civault ${ODD}#multiline | json }}"}
  base64: {{ civault ${NEXUS}#password | base64 }}
  whole: {{ civault ${PLAIN} }}
list:
  - "{{ civault ${ODD}#text | json }}"
`;

const PIP_CONF = `[global]
timeout = 60
index-url = https://{{ civault ${NEXUS}#username | uri }}:{{ civault ${NEXUS}#password | uri }}@nexus.shared.cwiq.io/simple
`;

const NETRC = `machine nexus.shared.cwiq.io
  login {{ civault ${PLAIN}#username }}
  password {{ civault ${PLAIN}#password }}
machine other login a password b
`;

const DOCKER_JSON = `{"auths": {"nexus.shared.cwiq.io:8443": {"auth": "{{ civault ${PLAIN}#password | base64 }}"}},
 "text": "{{ civault ${NEXUS}#password | json }}", "secret": {{ civault ${NEXUS} }}}
`;

describe('files that are filled in, and their readers', () => {
  let job: Job;
  let folder: string;
  const secret = (path: string, field: string) => String(job.guide.secrets[path]?.[field]);

  before(async () => {
    job = await startJob();
    folder = mkdtempSync(join(tmpdir(), 'civault-inject-'));
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await job?.end();
  });

  /** Fills a file in its own place. */
  async function fill(name: string, template: string | Buffer): Promise<string> {
    const file = join(folder, name);
    writeFileSync(file, template, { mode: 0o644 });
    const { status, stdout, stderr } = await judged(['inject', file, '--output', file], { env: job.env });
    assert.deepEqual({ status, stdout: stdout.toString(), stderr }, { status: 0, stdout: '', stderr: '' });
    return file;
  }

  /** What a script of Python writes as JSON, or undefined where it cannot run. */
  function python(context: TestContext, modules: string, script: string, file: string): unknown {
    const found = spawnSync('python3', ['-c', `import ${modules}`]);
    if (found.status !== 0) {
      context.skip(`there is no python3 with ${modules}`);
      return undefined;
    }
    const { status, stdout, stderr } = spawnSync('python3', [
      '-c',
      `import sys, json, ${modules}\n${script}`,
      file,
    ]);
    assert.equal(status, 0, `python3 could not read it: ${stderr.length} bytes of messages`);
    return JSON.parse(stdout.toString());
  }

  test('settings.xml, in ISO-8859-1, by xml.etree', async (context) => {
    const file = await fill('settings.xml', Buffer.from(SETTINGS_XML, 'latin1'));
    assert.ok(readFileSync(file).includes(Buffer.from('<!-- caf\xe9 -->', 'latin1')));
    const read = python(
      context,
      'xml.etree.ElementTree as E',
      `r = E.parse(sys.argv[1]).getroot()
n = '{http://maven.apache.org/SETTINGS/1.2.0}'
print(json.dumps([r.find(f'.//{n}username').text, r.find(f'.//{n}password').text, r.find(f'{n}profile').get('key'), r.find(f'{n}localRepository').text]))`,
      file,
    );
    if (read === undefined) return;
    const wanted = [secret(NEXUS, 'username'), secret(NEXUS, 'password'), secret(ODD, 'multiline')];
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Maven's own
    assert.deepEqual(read, [...wanted, '${user.home}/.m2']);
  });

  test('settings.xml, by xmllint', async (context) => {
    const file = await fill('lint.xml', Buffer.from(SETTINGS_XML, 'latin1'));
    const { status, stdout, error } = spawnSync('xmllint', [
      '--xpath',
      "string(//*[local-name()='password'])",
      file,
    ]);
    if (error !== undefined) return context.skip('there is no xmllint');
    assert.equal(status, 0);
    assert.ok(stdout.toString() === `${secret(NEXUS, 'password')}\n`, 'another password');
  });

  test('values.yaml, by PyYAML', async (context) => {
    const file = await fill('values.yaml', VALUES_YAML);
    const read = python(context, 'yaml', 'print(json.dumps(yaml.safe_load(open(sys.argv[1]))))', file);
    if (read === undefined) return;
    assert.deepEqual(read, {
      image: '{{ .Values.image }}',
      nexus: {
        user: secret(NEXUS, 'username'),
        password: secret(NEXUS, 'password'),
        inline: { key: secret(ODD, 'multiline') },
        base64: Buffer.from(secret(NEXUS, 'password')).toString('base64'),
        whole: job.guide.secrets[PLAIN],
      },
      list: [secret(ODD, 'text')],
    });
  });

  test('pip.conf, by configparser as pip uses it', async (context) => {
    const file = await fill('pip.conf', PIP_CONF);
    const read = python(
      context,
      'configparser, urllib.parse as u',
      `c = configparser.RawConfigParser(); c.read(sys.argv[1])
p = u.urlsplit(c['global']['index-url'])
print(json.dumps([u.unquote(p.username), u.unquote(p.password), p.hostname, c['global']['timeout']]))`,
      file,
    );
    if (read === undefined) return;
    const wanted = [secret(NEXUS, 'username'), secret(NEXUS, 'password')];
    assert.deepEqual(read, [...wanted, 'nexus.shared.cwiq.io', '60']);
  });

  test('.netrc, by netrc, which wants it for its owner alone', async (context) => {
    const file = await fill('.netrc', NETRC);
    const read = python(
      context,
      'netrc',
      "n = netrc.netrc(sys.argv[1]); print(json.dumps([n.authenticators('nexus.shared.cwiq.io'), n.authenticators('other')]))",
      file,
    );
    if (read === undefined) return;
    const [first, second] = read as (string | null)[][];
    assert.deepEqual([first?.[0], first?.[2]], [secret(PLAIN, 'username'), secret(PLAIN, 'password')]);
    assert.deepEqual([second?.[0], second?.[2]], ['a', 'b']);
  });

  test("Docker's config.json, by JSON.parse", async () => {
    const read = JSON.parse(readFileSync(await fill('config.json', DOCKER_JSON), 'utf8'));
    assert.deepEqual(read, {
      auths: {
        'nexus.shared.cwiq.io:8443': { auth: Buffer.from(secret(PLAIN, 'password')).toString('base64') },
      },
      text: secret(NEXUS, 'password'),
      secret: job.guide.secrets[NEXUS],
    });
  });

  test('.npmrc, by npm: what it says of itself, and the token that it sends', async (context) => {
    const seen: IncomingHttpHeaders[] = [];
    const registry = http.createServer((request, response) => {
      seen.push(request.headers);
      response.setHeader('Content-Type', 'application/json').end('{"username":"somebody"}');
    });
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    try {
      const host = `//127.0.0.1:${(registry.address() as AddressInfo).port}/`;
      const userconfig = await fill(
        '.npmrc',
        `registry=http:${host}\n${host}:_authToken={{civault ${PLAIN}#password}}\ninit-author-name={{ civault secret/data/orchestrator/e2e-test-user#username }}\n`,
      );
      const env = { PATH: process.env['PATH'] ?? '', HOME: folder, npm_config_userconfig: userconfig };
      const author = await runCommand('npm', ['config', 'get', 'init-author-name'], {
        env,
        cwd: folder,
      }).catch(() => undefined);
      if (author === undefined) return context.skip('there is no npm');
      assert.equal(author.stdout.toString(), 'e2e-admin@example.com\n');
      const { status, stdout } = await runCommand('npm', ['whoami'], { env, cwd: folder });
      assert.deepEqual({ status, stdout: stdout.toString() }, { status: 0, stdout: 'somebody\n' });
      assert.ok(seen[0]?.authorization === `Bearer ${secret(PLAIN, 'password')}`, 'another token');
    } finally {
      registry.close();
      registry.closeAllConnections();
    }
  });
});
