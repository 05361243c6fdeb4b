// Proves of the components' inputs what is let in, and what becomes of it where GitLab puts it into the text; and that the page on the
// components and the templates say the same.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readText, tablesOf } from './documents.ts';
import { type Input, interpolate, type MadeJob, NAMES, readTemplate, whyRefused } from './templates.ts';

const FILE = 'docs/components.md';

describe('inputs', () => {
  for (const name of NAMES) {
    const { inputs, text } = readTemplate(name);

    test(`${name}: the table has each input, its default and its description, in order`, () => {
      const tables = tablesOf(FILE);
      const [, ...rows] = tables[NAMES.indexOf(name)] ?? [];
      assert.deepEqual(
        rows,
        Object.entries(inputs).map(([key, input]) => [key, String(input.default ?? ''), input.description]),
      );
    });

    test(`${name}: each input is used, and none that is not declared`, () => {
      const used = new Set([...text.matchAll(/\$\[\[ inputs\.([\w-]+) \]\]/g)].map(([, key]) => key));
      assert.deepEqual([...used].sort(), Object.keys(inputs).sort());
    });

    test(`${name}: its own defaults are let in`, () => {
      for (const [key, input] of Object.entries(inputs)) {
        if (input.default !== undefined) assert.equal(whyRefused(input, undefined), undefined, key);
      }
    });

    test(`${name}: every text has a list or a pattern, which keeps out what could end it`, () => {
      for (const [key, input] of texts(inputs)) {
        assert.notEqual(input.regex, undefined, key);
        const good = sampleOf(key, input.default);
        assert.equal(whyRefused(input, good), undefined, key);
        for (const bad of [
          '"',
          "'",
          '\\',
          '`',
          '\n',
          '\r',
          '\t',
          '\0',
          '\x1b',
          '\x7f',
          '\x85',
          '\u2028',
          '\u{1f600}',
        ]) {
          for (const value of [bad, good + bad, bad + good, `${good}${bad}${good}`])
            assert.notEqual(whyRefused(input, value), undefined, `${key}: ${JSON.stringify(value)}`);
        }
        for (const value of [
          'x"\n  script: [touch /evil]\n  x: "',
          '/x"\n',
          '$[[ inputs.name ]]',
          '-x',
          '',
          ' ',
        ])
          if (key !== 'mapping' || value !== '-x')
            assert.notEqual(whyRefused(input, value), undefined, `${key}: ${JSON.stringify(value)}`);
      }
    });

    test(`${name}: whatever a pattern lets in, stays the text of its own variable`, () => {
      const given = { mapping: 'A=b', asset: 'a' };
      const before = readJobs(name, given);
      for (const [key, input] of texts(inputs)) {
        const good = sampleOf(key, input.default);
        let taken = 0;
        for (let code = 0; code < 0x250; code += 1) {
          const char = String.fromCharCode(code);
          for (const value of [
            good,
            char,
            good + char,
            `${good}${char}[${char}x`,
            `${good} #${char}`,
            `${good}: ${char}`,
          ]) {
            if (whyRefused(input, value) !== undefined) continue;
            taken += 1;
            assert.deepEqual(readJobs(name, { ...given, [key]: value }), withText(before, name, key, value));
          }
        }
        assert.ok(taken > 0, key);
      }
    });

    test(`${name}: a hidden job, without a keyword that concerns the whole pipeline`, () => {
      const jobs = interpolate(name, { mapping: 'A=b', asset: 'a' });
      assert.deepEqual(Object.keys(jobs), [`.civault-${name}`]);
    });
  }

  test('the ID token is for the audience given', () => {
    const audience = 'https://gitlab.example.com:8443';
    const job = interpolate('secrets', { mapping: 'A=b', audience })['.civault-secrets'];
    assert.deepEqual(job?.id_tokens, { VAULT_ID_TOKEN: { aud: audience } });
  });

  test('both fetch civault by the same lines', () => {
    const [secrets, download] = NAMES.map((name) => {
      const jobs = interpolate(name, { mapping: 'A=b', asset: 'a' });
      return jobs[`.civault-${name}`]?.before_script?.[0];
    });
    assert.match(String(secrets), /sha256sum -c/);
    assert.equal(secrets, download);
  });

  const { inputs } = readTemplate('secrets');
  for (const mapping of [
    'A=secret/data/x#y',
    'TRIVY_*=secret/data/nexus/svc-orchestrator  B=nexus/svc-orchestrator/password@secret',
    'A=secret/data/x?version=3#with.dot',
    'A=secret/data/$CI_PROJECT_NAME/x#/a/b',
    'A=secret/data/a~b+c:d,e#f',
  ]) {
    test(`mapping ${mapping} is let in, and reaches the job as it is`, () => {
      assert.equal(whyRefused(inputs['mapping'] ?? {}, mapping), undefined);
      const job = interpolate('secrets', { mapping })['.civault-secrets'];
      assert.equal(job?.variables?.['CIVAULT_COMPONENT_MAPPING'], mapping);
    });
  }

  for (const mapping of [
    '',
    ' ',
    'A=b"\n  script: [evil]\n  x: "',
    'A=b\nC=d',
    "A='b'",
    'A=b\\n',
    'A=`b`',
    'A=$(b)',
    'A=b;c',
    'A=b|c',
    'A=b&c',
    'A=b>c',
    '$[[ inputs.role ]]',
  ]) {
    test(`mapping ${JSON.stringify(mapping)} is kept out`, () => {
      assert.equal(
        whyRefused(inputs['mapping'] ?? {}, mapping),
        'value does not match required RegEx pattern',
      );
    });
  }

  for (const [key, good, bad] of [
    ['sha256', ['a'.repeat(64), '$CIVAULT_SHA256'], ['a'.repeat(63), 'A'.repeat(64), '', '$(x)']],
    ['role', ['nexus-ci', 'a.b_c'], ['a b', 'a"', '']],
    ['audience', ['https://gitlab.example.com:8443', '$CI_SERVER_URL'], ['a"b', 'a b', '']],
    ['name', ['.sonar-secrets'], ['visible', '.a"b', '.a b']],
    ['project', ['42', 'platform/tools/civault'], ['a b', '../x"', '']],
    ['version', ['1.0.0', '2.0.0-rc.1+5'], ['1/2', '']],
    [
      'address',
      ['https://vault.example.com:8200', 'https://[2001:db8::1]:8200', 'unix:///run/x', '$VAULT', 'none'],
      ['a b', ''],
    ],
    ['url', ['https://example.com/a%20b?x=1&y=~z', '$CIVAULT_URL', 'none'], ['a b', '-o/etc/passwd', '']],
    ['folder', ['/kaniko', '$CI_PROJECT_DIR.civault', './x', 'none'], ['-p', '']],
    ['install', ['download', 'image'], ['none', '']],
    ['arch', ['amd64', 'arm64'], ['x86', '']],
  ] as const) {
    test(`${key} lets in ${good.join(' and ')}, and not ${JSON.stringify(bad)}`, () => {
      const input = inputs[key] ?? {};
      for (const value of good) assert.equal(whyRefused(input, value), undefined, value);
      for (const value of bad) assert.notEqual(whyRefused(input, value), undefined, value);
    });
  }
});

/** The inputs that are texts without a list of what they may be. */
function texts(inputs: Readonly<Record<string, Input>>): [string, Input][] {
  return Object.entries(inputs).filter(
    ([, { type = 'string', options }]) => type === 'string' && options === undefined,
  );
}

test('what the components fetch, and their page includes, is the version of this release', () => {
  const { version }: { version: string } = JSON.parse(readText('package.json'));
  for (const name of ['secrets', 'download'])
    assert.ok(readText(`templates/${name}.yml`).includes(`default: ${version}\n`), name);
  const included = [...readText('docs/components.md').matchAll(/\/civault\/\w+@(\S+)/g)];
  assert.deepEqual(
    included.map(([, found]) => found),
    included.map(() => version),
  );
  assert.ok(included.length > 0);
});

/** A value that is let in. */
function sampleOf(key: string, own: unknown): string {
  return own === undefined ? ({ mapping: 'A=b', asset: 'a' }[key] ?? '') : String(own);
}

type Jobs = Readonly<Record<string, MadeJob>>;

function readJobs(name: string, given: Readonly<Record<string, string>>): Jobs {
  return interpolate(name, given);
}

/** The jobs with one input's value in its place, put there as data. */
function withText(jobs: Jobs, template: string, key: string, value: string): Jobs {
  const [[name = '', job = {}] = []] = Object.entries(jobs);
  if (key === 'name') return { [value]: job };
  if (key === 'audience') return { [name]: { ...job, id_tokens: { VAULT_ID_TOKEN: { aud: value } } } };
  const { text } = readTemplate(template);
  const [, variable = ''] =
    new RegExp(`^ +(\\w+): "\\$\\[\\[ inputs\\.${key} \\]\\]"$`, 'm').exec(text) ?? [];
  assert.notEqual(variable, '', key);
  return { [name]: { ...job, variables: { ...job.variables, [variable]: value } } };
}
