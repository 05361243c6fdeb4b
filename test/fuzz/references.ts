// REF, MAPPING, fields and templates.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JsonObject } from '../../src/json.ts';
import { checkNames, formatMapping, parseMapping, settleNames, variablesOf } from '../../src/mapping.ts';
import { fill, parseTemplate } from '../../src/output/template.ts';
import { isVariableName } from '../../src/output/variable.ts';
import { selectField } from '../../src/vault/fields.ts';
import { foreignReference } from '../../src/vault/foreign-reference.ts';
import { formatReference, parseReference, type Reference } from '../../src/vault/reference.ts';
import { apiPath } from '../../src/vault/requests.ts';
import { anyUnits, around, bytesAround } from './mutation.ts';
import { taken, target } from './target.ts';

const REFS = [
  'secret/data/nexus/svc-orchestrator#password',
  'secret/nexus/ci?version=3#/a/b~1c/~0',
  'secret/nexus/ci?version=3',
  'nexus/ci/password@secret',
  'nexus/ci/pass@word@team/secret/',
  '/legacy/app#a=b/c@d',
  'https://vault.example.com/v1/secret/data/x#y',
  'ref+vault://secret/nexus/ci?version=2&address=x#/password',
  'vault kv get -mount=secret -field=password nexus/ci',
  'secret/data/nexus/ci password | NEXUS_PASSWORD',
  'https://v/ui/vault/secrets/secret/show/a%20b/c?x',
  '<path:secret/nexus/ci#password>',
  '"secret/a#b"',
];
const WORDS = [
  'secret',
  'data',
  'metadata',
  'v1',
  'version=',
  'A',
  'A_*',
  'PATH',
  'LD_PRELOAD',
  ' | json',
  'civault',
  'vault',
  'kv',
  '-field=',
  'ref+vault',
];
const FIELD_NAMES = [
  'password',
  'PATH',
  'LD_PRELOAD',
  'BASH_FUNC_x%%',
  'a;id',
  '$(id)',
  'a-b',
  'a.b',
  '',
  '__proto__',
  'é',
  '/a/b',
  'NODE_OPTIONS',
  'x y',
];
const MARK = 'xKmarked-value9';

function assertSafe({ path, mount = [] }: Reference): void {
  for (const segment of [...path, ...mount]) {
    assert.ok(segment !== '' && segment !== '.' && segment !== '..');
    assert.doesNotMatch(segment, /[/\u0000-\u001f\u007f]/);
  }
  const asked = apiPath([...mount, ...path]);
  const url = new URL(`https://vault.example.com${asked}`);
  assert.equal(url.href, `https://vault.example.com${asked}`, 'another path than it seems');
}

const fields = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constantFrom(...FIELD_NAMES), around(FIELD_NAMES)),
      fc.constantFrom(MARK, `${MARK}\n`, null),
    ),
    { maxLength: 6 },
  )
  .map((entries) => entries.map(([name, value]) => [name, value] as [string, string | null]));

export const targets = [
  target(
    'a REF',
    around(REFS, WORDS),
    (text) => {
      foreignReference(text);
      const reference = taken(() => parseReference(text));
      if (reference === undefined) return;
      assertSafe(reference);
      assert.deepEqual(parseReference(formatReference(reference)), reference);
    },
    { weight: 3 },
  ),
  target(
    'a MAPPING',
    around([...REFS, ...REFS.map((ref) => `NAME=${ref}`), ...REFS.map((ref) => `P_*=${ref}`)], WORDS),
    (text) => {
      const mapping = taken(() => parseMapping(text));
      if (mapping === undefined) return;
      assertSafe(mapping.reference);
      if (mapping.target.kind === 'name') assert.ok(isVariableName(mapping.target.name));
      assert.deepEqual(parseMapping(formatMapping(mapping)), mapping);
      taken(() => checkNames([mapping, mapping]));
    },
    { weight: 2 },
  ),
  target(
    'the names that fields make',
    fc.record({
      mapping: fc.constantFrom(
        'secret/data/a',
        '*=secret/data/a',
        'P_*=secret/a',
        'LD_*=secret/a',
        'secret/a#',
      ),
      fields,
    }),
    ({ mapping, fields }) => {
      const content: JsonObject = new Map(fields);
      const variables = taken(() => settleNames(variablesOf(parseMapping(mapping), content)), {
        hides: [MARK],
        longest: 40_000,
      });
      for (const { name } of variables ?? []) {
        assert.ok(isVariableName(name));
        assert.doesNotMatch(name, /^(?:PATH|IFS|ENV|BASH_ENV|NODE_OPTIONS|LD_.*)$/);
      }
      assert.equal(new Set((variables ?? []).map(({ name }) => name)).size, variables?.length ?? 0);
    },
  ),
  target(
    'a field of a secret',
    fc.record({
      fields,
      asked: around([...FIELD_NAMES, '/a/b/0', '/password/x', 'passwort'], ['/0', '/-', 'password']),
    }),
    ({ fields, asked }) => {
      const content: JsonObject = new Map(
        fields.map(([name, value]) => [name, value === null ? [new Map([['x', MARK]])] : value]),
      );
      const { field } = taken(() => parseReference(`secret/a#${asked}`)) ?? {};
      if (field === undefined) return;
      const found = taken(() => selectField(content, field, 'secret/a').reveal(), {
        hides: [MARK],
        longest: 40_000,
      });
      if (field.kind === 'key' && typeof content.get(field.key) === 'string')
        assert.equal(found, content.get(field.key));
    },
  ),
  target(
    'a template',
    fc.record({
      text: bytesAround(
        [
          'a {{ civault secret/data/x#y }} b {{civault x/y#z | json}}',
          '{{ civault x/y@secret | xml }}\r\n{{- Civault }}',
          '{{{civault x/y#a|uri}}} {{ .Values.x }}',
        ],
        ['{{ civault x/y#a }}', '{{civault', ' | base64 }}', 'civault', 'CIVAULT', '{{-', '-}}'],
      ),
      value: anyUnits,
    }),
    ({ text, value }) => {
      const bytes = Buffer.from(text, 'latin1');
      const template = taken(() => parseTemplate(bytes, 'the.file'));
      if (template === undefined) return;
      let shown = '';
      let from = 0;
      const plain = Buffer.from(value);
      const values: JsonObject = new Map(
        template.references.map(({ field }) => [field?.kind === 'key' ? field.key : '', value]),
      );
      for (const { start, end, blank } of template.placeholders) {
        assert.ok(
          start >= from && end > start && /^\{\{[ \t]*civault[\s\S]*\}\}$/.test(text.slice(start, end)),
        );
        if (blank.reference.field?.kind !== 'key') return;
        const written = taken(() => blank.escapeAs?.(value, 'it'));
        if (blank.escapeAs !== undefined && written === undefined) return;
        shown +=
          text.slice(from, start) + (written === undefined ? plain : Buffer.from(written)).toString('latin1');
        from = end;
      }
      const result = fill(
        template,
        template.references.map(() => values),
      );
      assert.equal(Buffer.from(result).toString('latin1'), shown + text.slice(from));
    },
    { weight: 2 },
  ),
];
