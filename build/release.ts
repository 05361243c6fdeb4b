// Makes a release in dist/: node --import tsx build/release.ts [--node node24] [--allow-eol yes] [--all yes]

import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import minimist from 'minimist';
import { ARCHES, type Arch } from './arch.ts';
import { ASSETS, SBOM, SUMS } from './assets.ts';
import { type Base, findBase, NotHere } from './base.ts';
import { type Binary, DIST, makeBinary } from './binary.ts';
import { compress } from './compress.ts';
import { BASE_LINE, isEndOfLife, supportOf } from './node-lines.ts';
import { EMULATORS } from './run-once.ts';
import { BuildError, runBuild, say } from './say.ts';
import { billOf, patchOf, versionsWithin } from './sbom.ts';
import { readSums, sumsOf } from './sums.ts';
import { expectTag, packageVersion } from './version.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The line that can be had from npm alone. */
const LINE_FROM_NPM = 'node20';

interface Wish {
  readonly node: string;
  readonly allowEol: boolean;
  readonly all: boolean;
}

await runBuild(async () => {
  const {
    node,
    'allow-eol': allowEol,
    all,
  } = minimist(process.argv.slice(2), {
    string: ['node', 'allow-eol', 'all'],
  });
  const version = packageVersion();
  expectTag(version, process.env['CI_COMMIT_TAG']);
  const wish = { node: node || BASE_LINE, allowEol: yes('ALLOW_EOL', allowEol), all: yes('ALL', all) };
  const { bases, missing } = await findBases(wish, node !== undefined && node !== '');
  for (const name of ASSETS) rmSync(join(DIST, name), { force: true });

  const binaries: Binary[] = [];
  for (const base of bases) binaries.push(await makeBinary(base));
  for (const { arch, name } of binaries.filter(({ isRehearsed }) => !isRehearsed)) {
    const why = `the code cache of dist/${name}: ${EMULATORS[arch.node]} is not here to make it`;
    if (wish.all) throw new BuildError(`not everything can be made here:\n${why}`);
    missing.push(why);
  }
  const made = [];
  for (const { name } of binaries) {
    say('pack', `dist/${name}.gz and .xz`);
    made.push(name, ...(await compress(join(DIST, name))).map((file) => file.slice(DIST.length + 1)));
  }
  await writeBill(version, bases, binaries, made);
  writeFileSync(join(DIST, SUMS), await sumsOf(DIST, [...made, SBOM]));
  for (const name of [...made, SBOM, SUMS]) say('done', `${size(name)}  dist/${name}`);
  for (const { name, codeChanges } of binaries) say('code', `dist/${name}: ${codeChanges}`);
  for (const why of missing) say('missing', why);
});

function yes(name: string, value: string | undefined): boolean {
  if (value === undefined || value === '' || value === 'no') return false;
  if (value === 'yes') return true;
  throw new BuildError(`${name} is yes or no, not "${value}"`);
}

async function findBases(wish: Wish, isAsked: boolean): Promise<{ bases: Base[]; missing: string[] }> {
  const missing: string[] = [];
  const bases: Base[] = [];
  for (const arch of ARCHES) {
    try {
      bases.push(await findBase(arch, wish.node));
    } catch (error) {
      if (!(error instanceof NotHere)) throw error;
      missing.push(`${arch.docker}: ${error.message}`);
    }
  }
  if (missing.length > 0 && (wish.all || (bases.length === 0 && (isAsked || !wish.allowEol)))) {
    const way = isAsked || wish.all ? '' : `\nmake release ALLOW_EOL=yes takes ${LINE_FROM_NPM}, for a try`;
    throw new BuildError(`not everything can be made here:\n${missing.join('\n')}${way}`);
  }
  if (bases.length === 0) {
    say('base', `no base of ${wish.node} can be had here: ${LINE_FROM_NPM} instead, as ALLOW_EOL=yes has it`);
    return findBases({ ...wish, node: LINE_FROM_NPM }, true);
  }
  for (const { nodeVersion } of bases.slice(0, 1)) {
    say('base', supportOf(nodeVersion));
    if (isEndOfLife(nodeVersion) && !wish.allowEol)
      throw new BuildError(`${supportOf(nodeVersion)}: no release is built on it, unless ALLOW_EOL=yes`);
  }
  return { bases, missing };
}

async function writeBill(
  version: string,
  bases: readonly Base[],
  binaries: readonly Binary[],
  made: readonly string[],
): Promise<void> {
  const own = bases.find(({ arch }: { arch: Arch }) => arch.node === process.arch);
  const [first] = binaries;
  if (own === undefined || first === undefined)
    throw new BuildError(
      'the bill of materials is made by running the base: build this machine’s architecture too',
    );
  const text = billOf({
    version,
    committed: committed(),
    versions: versionsWithin(own),
    bundle: first.bundle,
    changes: {
      ...patchOf(own),
      code: new Map(binaries.map(({ arch, codeChanges }) => [arch.docker, codeChanges])),
    },
    files: readSums(await sumsOf(DIST, made)),
  });
  writeFileSync(join(DIST, SBOM), text);
  say('bill', `dist/${SBOM}`);
}

function size(name: string): string {
  return `${(statSync(join(DIST, name)).size / 1e6).toFixed(1).padStart(5)} MB`;
}

/** SOURCE_DATE_EPOCH (reproducible-builds.org), else the commit's time. */
function committed(): Date | undefined {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined && !/^\d{1,11}$/.test(given))
    throw new BuildError(`SOURCE_DATE_EPOCH is no number of seconds: ${given}`);
  const seconds = given ?? (existsSync(join(ROOT, '.git')) ? timeOfCommit() : undefined);
  return seconds === undefined ? undefined : new Date(Number(seconds) * 1000);
}

function timeOfCommit(): string {
  return execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' }).trim();
}
