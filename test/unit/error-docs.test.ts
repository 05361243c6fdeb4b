// Proves that the codes of failures, their exit statuses, and the pages that explain them say the same.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { docsOf, withDocs } from '../../src/error-docs.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { CODES, exitStatusOf } from '../../src/exit-codes.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const page = read('docs/errors.md');
const readme = read('README.md');

const rows = [...page.matchAll(/^\| \[([A-Z_]+)\]\(#([a-z_]+)\) \| (\d+) \| (.+) \|$/gm)];
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split('\n')[0] ?? '', section] as const),
);

test('the table of docs/errors.md names every code, in the order of the statuses, and no other', () => {
  assert.deepEqual(
    rows.map(([, code]) => code),
    CODES,
  );
  const statuses = rows.map(([, , , status]) => Number(status));
  assert.deepEqual(
    statuses,
    [...statuses].sort((a, b) => a - b),
  );
});

for (const [, code = '', anchor, status] of rows) {
  test(`${code} has the status of the table, and the section that its address leads to`, () => {
    assert.equal(exitStatusOf(code as ErrorCode), Number(status));
    assert.equal(docsOf(code as ErrorCode), `docs/errors.md#${anchor}`);
    // A heading of word characters alone is its own anchor, in lower case (GitLab's and GitHub's rule).
    assert.equal(code.toLowerCase(), anchor);
    assert.equal((sections.get(code) ?? '').length > 80, true);
  });
}

test('every section of a code is in the table', () => {
  const codes = [...sections.keys()].filter((title) => /^[A-Z_]+$/.test(title));
  assert.deepEqual(
    codes,
    rows.map(([, code]) => code),
  );
});

test("the README's table of statuses has the codes that this version can fail with", () => {
  const used = sourceFiles().join('\n');
  for (const code of CODES) {
    const isUsed = used.includes(`'${code}'`);
    const row = readme
      .split('\n')
      .find((line) => line.startsWith('| ') && new RegExp(`\\b${code}\\b`).test(line));
    assert.equal(row !== undefined, isUsed, code);
    if (row !== undefined) assert.match(row, new RegExp(`^\\| [\\d, n+]*\\b${exitStatusOf(code)}\\b`), code);
  }
});

test('every link of the page leads to a section', () => {
  for (const [, anchor = ''] of page.matchAll(/\]\(#([^)]+)\)/g)) {
    assert.equal(
      [...sections.keys()].some((title) => title.toLowerCase() === anchor),
      true,
      anchor,
    );
  }
});

for (const [hint, shown] of [
  ['check the path', 'check the path (docs/errors.md#config)'],
  [undefined, 'see docs/errors.md#config'],
  ['declare it:\n    id_tokens:', 'declare it:\n    id_tokens:\n  see docs/errors.md#config'],
] as const) {
  test(`the hint ${JSON.stringify(hint) ?? 'that is none'} ends in the address`, () => {
    assert.equal(withDocs(hint, 'CONFIG'), shown);
  });
}

// The table of codes itself uses none.
function sourceFiles(): string[] {
  return readdirSync(new URL('src/', ROOT), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !['errors.ts', 'exit-codes.ts'].includes(path))
    .map((path) => read(`src/${path}`));
}
