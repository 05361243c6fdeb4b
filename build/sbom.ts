// The software bill of materials: what the files of a release are made of, in CycloneDX's JSON.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import type { Base } from './base.ts';
import type { Bundle } from './bundle.ts';
import { BuildError } from './say.ts';
import { libraryOf, NODE_CPE } from './sbom-libraries.ts';
import { type Changes, linkedLibraries, withPedigree } from './sbom-pedigree.ts';

/** What the bill is of. */
export interface Contents {
  readonly version: string;
  /** When the sources were committed; undefined where that is not known. */
  readonly committed: Date | undefined;
  /** Node.js's version and those of its libraries, as `process.versions` has them. */
  readonly versions: Readonly<Record<string, string>>;
  readonly bundle: Bundle;
  /** What was done to that Node.js. */
  readonly changes: Changes;
  /** The files of the release and their SHA-256. */
  readonly files: ReadonlyMap<string, string>;
}

const ROOT = new URL('..', import.meta.url);
const { Component, ExternalReference, HashDictionary } = Models;

/** The bill, as text that depends on nothing but the contents. */
export function billOf({ version, committed, versions, bundle, changes, files }: Contents): string {
  const civault = new Component(Enums.ComponentType.Application, 'civault', {
    bomRef: 'civault',
    version,
    description: 'GitLab ID token to Vault secrets, in one line, from one static file',
    licenses: new Models.LicenseRepository([new Models.SpdxLicense('MIT')]),
    purl: `pkg:generic/civault@${version}`,
  });
  for (const [name, sha256] of files) {
    const hashes = new HashDictionary([[Enums.HashAlgorithm['SHA-256'], sha256]]);
    civault.components.add(new Component(Enums.ComponentType.File, name, { bomRef: `file:${name}`, hashes }));
  }
  const node = nodeOf(versions);
  const named = Object.entries(versions).flatMap(([name, text]) => libraryOf(name, text));
  const libraries = [...named, ...linkedLibraries()];
  const packages = bundledPackages(bundle).map(packageOf);
  for (const part of [node, ...packages]) civault.dependencies.add(part.bomRef);
  for (const library of libraries) node.dependencies.add(library.bomRef);

  const metadata = new Models.Metadata({
    component: civault,
    lifecycles: new Models.LifecycleRepository([Enums.LifecyclePhase.Build]),
    ...(committed === undefined ? {} : { timestamp: committed }),
  });
  const components = new Models.ComponentRepository([node, ...libraries, ...packages]);
  const serializer = new Serialize.JsonSerializer(
    new Serialize.JSON.Normalize.Factory(Spec.SpecVersionDict['1.6'] ?? Spec.Spec1dot6),
  );
  const bom = new Models.Bom({ metadata, components });
  return `${withPedigree(serializer.serialize(bom, { sortLists: true }), changes)}\n`;
}

/**
 * What `process.versions` is within a base of this machine's architecture.
 * @throws {BuildError} when the base does not say
 */
export function versionsWithin(base: Base): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'civault-versions-'));
  try {
    const file = join(folder, 'node');
    writeFileSync(file, base.bytes);
    chmodSync(file, 0o755);
    // pkg's bootstrap, which is still in it, is a plain Node.js where nothing was appended.
    const text = execFileSync(file, ['-p', 'JSON.stringify(process.versions)'], {
      env: { PKG_EXECPATH: 'PKG_INVOKE_NODEJS' },
      encoding: 'utf8',
    });
    const versions: Record<string, string> = JSON.parse(text);
    if (`v${versions['node']}` !== base.nodeVersion) throw new Error(`it says ${versions['node']}`);
    return versions;
  } catch (error) {
    throw new BuildError(`the base ${base.nodeVersion} does not say what is in it: ${error}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Which patch of pkg-fetch is in a base. */
export function patchOf({ patch }: Pick<Base, 'patch'>): Pick<Changes, 'pkgFetch' | 'patch'> {
  const manifest = join(dirname(patch), '../package.json');
  return { pkgFetch: JSON.parse(readFileSync(manifest, 'utf8')).version, patch: basename(patch) };
}

function nodeOf({ node: version }: Readonly<Record<string, string>>) {
  if (version === undefined) throw new BuildError('the base does not say its version');
  return new Component(Enums.ComponentType.Platform, 'node', {
    bomRef: 'node',
    version,
    description: 'Node.js, as pkg-fetch patched it and linked it statically with musl',
    licenses: new Models.LicenseRepository([new Models.SpdxLicense('MIT')]),
    purl: `pkg:github/nodejs/node@v${version}`,
    cpe: NODE_CPE(version),
  });
}

/** The npm packages of which something is in the bundle: esbuild says which files it took. */
export function bundledPackages({ metafile }: Bundle): string[] {
  const names = Object.keys(metafile.inputs).flatMap((input) => {
    const name = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    return name === undefined ? [] : [name];
  });
  return [...new Set(names)].sort();
}

function packageOf(name: string) {
  const manifest = JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, ROOT), 'utf8'));
  const locked = JSON.parse(readFileSync(new URL('package-lock.json', ROOT), 'utf8')).packages[
    `node_modules/${name}`
  ];
  const [algorithm, digest] = String(locked?.integrity).split('-');
  if (algorithm !== 'sha512' || digest === undefined || locked.version !== manifest.version)
    throw new BuildError(`package-lock.json does not pin ${name}@${manifest.version}`);

  // A licence by its identifier is all that is expected of what is bundled.
  const licenses = new Contrib.License.Factories.LicenseFactory(() => false);
  const references = new Contrib.FromNodePackageJson.Factories.ExternalReferenceFactory();
  const builder = new Contrib.FromNodePackageJson.Builders.ComponentBuilder(references, licenses);
  const part = builder.makeComponent(manifest, Enums.ComponentType.Library);
  if (part === undefined) throw new BuildError(`${name} has no usable package.json`);
  part.purl = `pkg:npm/${name.replace('@', '%40')}@${manifest.version}`;
  part.bomRef.value = part.purl;
  const url = `https://registry.npmjs.org/${name}/-/${name.replace(/^.*\//, '')}-${manifest.version}.tgz`;
  const hashes = new HashDictionary([
    [Enums.HashAlgorithm['SHA-512'], Buffer.from(digest, 'base64').toString('hex')],
  ]);
  part.externalReferences.add(
    new ExternalReference(url, Enums.ExternalReferenceType.Distribution, { hashes }),
  );
  return part;
}
