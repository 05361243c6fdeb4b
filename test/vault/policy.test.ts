// The rules by which the stand-in weighs policies, taken from Vault's documentation of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergePolicies, permits } from './policy.ts';
import { parsePolicy } from './policy-text.ts';

const aclOf = (...texts: string[]) => mergePolicies(texts.map(parsePolicy), false);
const rule = (path: string, ...capabilities: string[]) =>
  `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }\n`;

test('the most specific rule decides, whatever the order', () => {
  const cases: [better: string, worse: string, path: string][] = [
    ['secret/data/a', 'secret/data/*', 'secret/data/a'],
    ['secret/data/a', 'secret/data/+', 'secret/data/a'],
    ['secret/data/a*', 'secret/data/*', 'secret/data/ab'],
    ['secret/data/*', 'secret/+/a', 'secret/data/a'],
    ['secret/+/a', 'secret/+/a*', 'secret/data/a'],
    ['secret/+/a/+', 'secret/+/+/+', 'secret/data/a/b'],
    ['secret/+/a*', 'secret/+/+/b*', 'secret/data/a/b'],
    ['secret/+/aa*', 'secret/+/a*', 'secret/data/aab'],
    ['secret/+/b', '+/data/b', 'secret/data/b'],
  ];
  for (const [better, worse, path] of cases) {
    for (const texts of [
      rule(better, 'read') + rule(worse, 'deny'),
      rule(worse, 'deny') + rule(better, 'read'),
    ]) {
      assert.ok(permits(aclOf(texts), path, 'read', 0), `${better} over ${worse}`);
    }
  }
});

test('a plus stands for one segment, a star at the end for anything', () => {
  const acl = aclOf(rule('a/+/c', 'read') + rule('x/*', 'read') + rule('y/+/z*', 'read'));
  const allowed = ['a/b/c', 'x/', 'x/1/2', 'y/1/z', 'y/1/zz/2'];
  const refused = ['a/b', 'a/b/b/c', 'a/b/c/d', 'x', 'y/1/2/z', 'y/z'];
  assert.deepEqual(
    [...allowed, ...refused].filter((path) => permits(acl, path, 'read', 0)),
    allowed,
  );
});

test('policies add up, a deny ends it, and what nobody grants is refused', () => {
  const both = aclOf(rule('a', 'read'), rule('a', 'update'));
  assert.deepEqual(
    (['read', 'update', 'create', 'delete', 'list'] as const).filter((operation) =>
      permits(both, 'a', operation, 0),
    ),
    ['read', 'update'],
  );
  assert.ok(!permits(aclOf(rule('a', 'read'), rule('a', 'deny')), 'a', 'read', 0));
  assert.ok(!permits(aclOf(rule('a', 'read', 'deny')), 'a', 'read', 0));
  assert.ok(!permits(aclOf(), 'a', 'read', 0));
});

test('a list is asked for with a slash, and granted without', () => {
  assert.ok(permits(aclOf(rule('secret/metadata', 'list')), 'secret/metadata/', 'list', 0));
  assert.ok(permits(aclOf(rule('secret/metadata/+', 'list')), 'secret/metadata/a/', 'list', 0));
});

test('HCL and JSON say the same', () => {
  const hcl = `
    # a comment with "quotes" { and braces }
    path "secret/*" {
      capabilities = ["read", "list",] // the last comma is allowed
      max_wrapping_ttl = "1h30m"
    }
    /* another */ path "/leading" { capabilities = ["sudo"] }`;
  const json = {
    path: {
      'secret/*': { capabilities: ['read', 'list'], max_wrapping_ttl: 5400 },
      '/leading': { capabilities: ['sudo'] },
    },
  };
  assert.deepEqual(parsePolicy(hcl), parsePolicy(JSON.stringify(json)));
});

test('what the stand-in does not know in a policy is refused, not passed over', () => {
  assert.throws(
    () => parsePolicy('path "a" { allowed_parameters = ["x"] }'),
    /invalid key "allowed_parameters"/,
  );
  assert.throws(() => parsePolicy('secret "a" {}'), /invalid key "secret"/);
});
