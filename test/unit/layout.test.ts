// Proves the layout of the sources: imports point down only, without a cycle, and one file alone touches the process.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import test from 'node:test';
import { transform } from 'esbuild';
import { bundle } from '../../build/bundle.ts';

// From the top down. A file may import those of its own layer and of every layer below it. A name that ends with a
// slash is a folder.
const LAYERS: readonly (readonly string[])[] = [
  ['main.ts'],
  ['cli.ts'],
  ['commands/', 'doctor/', 'download/'],
  [
    'options.ts',
    'settings.ts',
    'settings-endpoint.ts',
    'settings-session.ts',
    'settings-gitlab.ts',
    'usage.ts',
    'mapping.ts',
  ],
  ['help/'],
  ['child/'],
  ['output/', 'vault/'],
  ['gitlab/'],
  ['http/'],
  [
    'errors.ts',
    'exit-codes.ts',
    'secret.ts',
    'json.ts',
    'json-pointer.ts',
    'io.ts',
    'setting-values.ts',
    'ci-variables.ts',
    'system-failure.ts',
    'release.ts',
    'error-docs.ts',
    'times.ts',
    'timing.ts',
    'nearest.ts',
    'small-file.ts',
  ],
];
const LONGEST = 250;

const ROOT = new URL('../../src/', import.meta.url);
const sources: ReadonlyMap<string, string> = new Map(
  readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => [path, readFileSync(new URL(path, ROOT), 'utf8')]),
);

// All imports, those of types too, which esbuild drops.
const IMPORT =
  /^(?:import|export)\b[^'";]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
const imports: ReadonlyMap<string, readonly string[]> = new Map(
  [...sources].map(([file, text]) => [
    file,
    [...text.matchAll(IMPORT)].map(([, from, bare, dynamic]) => {
      const name = from ?? bare ?? dynamic ?? '';
      return name.startsWith('.') ? posix.join(posix.dirname(file), name) : name;
    }),
  ]),
);

function layerOf(file: string): number {
  return LAYERS.findIndex((names) =>
    names.some((name) => (name.endsWith('/') ? file.startsWith(name) : file === name)),
  );
}

for (const [file, text] of sources) {
  test(`${file} has a layer, and imports none above it`, () => {
    assert.notEqual(layerOf(file), -1);
    const above = imports.get(file)?.filter((name) => sources.has(name) && layerOf(name) < layerOf(file));
    assert.deepEqual(above, []);
  });

  test(`${file} imports no package but Node's own and, to split the command line, minimist`, () => {
    const allowed = file === 'options.ts' ? /^(node:|minimist$)/ : /^node:/;
    const others = imports.get(file)?.filter((name) => !sources.has(name) && !allowed.test(name));
    assert.deepEqual(others, []);
  });

  test(`${file} has at most ${LONGEST} lines`, () => {
    assert.equal(text.split('\n').length - 1 <= LONGEST, true, `it has ${text.split('\n').length - 1}`);
  });

  test(`${file} ${file === 'main.ts' ? 'alone touches' : 'does not touch'} the process`, async () => {
    // As an identifier: comments and texts may speak of it.
    const { code } = await transform(text, {
      loader: 'ts',
      define: { process: 'THE_PROCESS', 'globalThis.process': 'THE_PROCESS' },
    });
    const touches = /\bTHE_PROCESS\b/.test(code) || (imports.get(file)?.includes('node:process') ?? false);
    assert.equal(touches, file === 'main.ts');
  });
}

test('no file imports itself by way of others', () => {
  const cycles = new Set<string>();
  const done = new Set<string>();
  const follow = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at >= 0) return void cycles.add([...trail.slice(at), file].join(' > '));
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) follow(next, [...trail, file]);
    done.add(file);
  };
  for (const file of sources.keys()) follow(file, []);
  assert.deepEqual([...cycles], []);
});

test('every file is reached from main.ts', () => {
  const reached = new Set<string>();
  const reach = (file: string): void => {
    if (reached.has(file) || !sources.has(file)) return;
    reached.add(file);
    imports.get(file)?.forEach(reach);
  };
  reach('main.ts');
  assert.deepEqual(
    [...sources.keys()].filter((file) => !reached.has(file)),
    [],
  );
});

test('what is bundled is the sources and minimist, by imports that were all found here', async () => {
  const { metafile } = await bundle('v0.0.0');
  for (const [input, { imports: found }] of Object.entries(metafile.inputs)) {
    const file = input.replace(/^src\//, '');
    if (file === input) {
      // What the build writes in has no file.
      assert.match(input, /^node_modules\/minimist\/|^<define:/);
      continue;
    }
    const names = found.map(({ path, original = path }) =>
      path.startsWith('src/') ? path.slice(4) : original,
    );
    assert.deepEqual(
      names.filter((name) => imports.get(file)?.includes(name) !== true && !name.startsWith('<define:')),
      [],
    );
  }
  assert.equal(metafile.inputs['src/main.ts'] !== undefined, true);
});
