// Proves that the bill of materials is CycloneDX by its schema, names what is inside, and is the same each time.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { bundle } from '../../build/bundle.ts';
import { pkgFetchFor } from '../../build/pkg-fetch.ts';
import { BuildError } from '../../build/say.ts';
import { billOf, bundledPackages, patchOf } from '../../build/sbom.ts';
import { runCommand } from '../harness/command.ts';
import { findNode24 } from '../harness/node24.ts';

interface Bill {
  readonly metadata: {
    readonly timestamp?: string;
    readonly component: { readonly components: readonly unknown[] };
  };
  readonly serialNumber?: string;
  readonly components: readonly Component[];
  readonly compositions: readonly object[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}
interface Component {
  readonly 'bom-ref': string;
  readonly pedigree?: {
    readonly patches: readonly { readonly type: string; readonly diff: { readonly url: string } }[];
    readonly notes: string;
  };
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly cpe?: string;
}

const script = await bundle('v24.0.0');
const contents = {
  version: '1.2.3',
  committed: new Date('2026-11-23T12:00:00Z'),
  versions: { ...process.versions } as Record<string, string>,
  bundle: script,
  changes: {
    ...patchOf(pkgFetchFor('node24')),
    code: new Map([
      ['amd64', 'one changed'],
      ['arm64', 'none changed'],
    ]),
  },
  files: new Map([['civault-linux-amd64', 'a'.repeat(64)]]),
};

describe('the bill of materials', () => {
  const text = billOf(contents);
  const bill: Bill = JSON.parse(text);

  test('is CycloneDX 1.6, strictly', async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    assert.equal(await validator.validate(text), null);
    // A validator that finds nothing wrong with anything would prove nothing.
    assert.notEqual(await validator.validate(text.replace('"bomFormat"', '"format"')), null);
    assert.notEqual(await validator.validate(text.replace('"SHA-256"', '"SHA-0"')), null);
  });

  test('names the files with their SHA-256, and nothing by chance or clock', () => {
    assert.deepEqual(bill.metadata.component.components, [
      {
        type: 'file',
        name: 'civault-linux-amd64',
        'bom-ref': 'file:civault-linux-amd64',
        hashes: [{ alg: 'SHA-256', content: 'a'.repeat(64) }],
      },
    ]);
    assert.equal(bill.metadata.timestamp, '2026-11-23T12:00:00.000Z');
    assert.equal(bill.serialNumber, undefined);
    assert.equal(billOf({ ...contents, versions: { ...contents.versions } }), text);
    assert.equal(JSON.parse(billOf({ ...contents, committed: undefined })).metadata.timestamp, undefined);
  });

  test('names Node.js, its OpenSSL and V8 as databases of vulnerabilities do', () => {
    const { node, openssl = '', v8 = '' } = process.versions;
    const find = (name: string) => bill.components.find((one) => one.name === name);
    assert.equal(find('node')?.purl, `pkg:github/nodejs/node@v${node}`);
    assert.equal(find('node')?.cpe, `cpe:2.3:a:nodejs:node.js:${node}:*:*:*:*:*:*:*`);
    assert.match(
      find('openssl')?.cpe ?? '',
      new RegExp(`^cpe:2.3:a:openssl:openssl:${openssl.replace(/\+.*/, '')}`),
    );
    assert.equal(find('v8')?.version, v8);
    assert.match(find('v8')?.purl ?? '', /^pkg:generic\/v8@\d+\.\d+\.\d+\.\d+$/);
  });

  test('names what esbuild took into the bundle: minimist, as the lockfile pins it', () => {
    assert.deepEqual(bundledPackages(script), ['minimist']);
    const minimist = bill.components.find(({ name }) => name === 'minimist');
    assert.equal(minimist?.purl, 'pkg:npm/minimist@1.2.8');
    const { integrity } = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages[
      'node_modules/minimist'
    ];
    const hex = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
    assert.ok(JSON.stringify(minimist).includes(hex));
    const [root] = bill.dependencies.filter(({ ref }) => ref === 'civault');
    assert.deepEqual(root?.dependsOn, ['node', 'pkg:npm/minimist@1.2.8']);
  });

  test('names what Node.js is linked with and does not name, without a version, and does not pretend to be complete', () => {
    const node = bill.dependencies.find(({ ref }) => ref === 'node');
    for (const name of ['musl', 'libgcc', 'libstdc++']) {
      const library = bill.components.find((one) => one.name === name);
      assert.ok(library !== undefined && !('version' in library), name);
      assert.match(library.purl ?? '', /^pkg:generic\/(musl|libgcc|libstdc%2B%2B)$/);
      assert.ok(node?.dependsOn?.includes(library['bom-ref']), name);
    }
    assert.deepEqual(bill.compositions, [{ aggregate: 'incomplete', dependencies: ['node'] }]);
  });

  test("says that Node.js has pkg-fetch's patch and civault's changes, those of machine code by architecture", () => {
    const { patches = [], notes = '' } = bill.components.find(({ name }) => name === 'node')?.pedigree ?? {};
    const { version, nodeVersion } = pkgFetchFor('node24');
    const tarball = `https://registry.npmjs.org/@yao-pkg/pkg-fetch/-/pkg-fetch-${version}.tgz`;
    assert.deepEqual(patches, [
      { type: 'unofficial', diff: { url: `${tarball}#package/patches/node.${nodeVersion}.cpp.patch` } },
    ]);
    assert.match(notes, /build\/adapt\.ts .*\(amd64: one changed; arm64: none changed\)/);
  });

  test('is not made of a Node.js with a library that is not known', () => {
    assert.throws(
      () => billOf({ ...contents, versions: { ...contents.versions, novelty: '1.0' } }),
      (error) =>
        error instanceof BuildError && /a library that is not known, novelty 1\.0/.test(error.message),
    );
  });

  test('knows all that Node.js 24 has inside', async (t) => {
    const found = await findNode24();
    if ('why' in found) return t.skip(found.why);
    const { stdout } = await runCommand(found.path, ['-p', 'JSON.stringify(process.versions)'], {});
    const versions: Record<string, string> = JSON.parse(stdout.toString());
    const names = (JSON.parse(billOf({ ...contents, versions })) as Bill).components.map(({ name }) => name);
    for (const name of ['node', 'openssl', 'v8', 'uv', 'zlib', 'zstd', 'sqlite', 'undici'])
      assert.ok(names.includes(name), name);
    // QUIC is left out of this Node.js, which says so by an empty version.
    assert.equal(names.includes('ngtcp2'), versions['ngtcp2'] !== '' && versions['ngtcp2'] !== undefined);
  });
});
