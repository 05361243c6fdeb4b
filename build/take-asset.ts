// Puts this machine's release asset in the place of dist/civault, for the tests: node --import tsx build/take-asset.ts

import { chmodSync, copyFileSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { findArch } from './arch.ts';
import { binaryName, DIST } from './binary.ts';
import { BuildError, runBuild, say } from './say.ts';

await runBuild(async () => {
  const name = binaryName(findArch());
  const asset = join(DIST, name);
  if (!existsSync(asset)) throw new BuildError(`there is no dist/${name}: make release first`);
  const beside = join(DIST, '.civault');
  copyFileSync(asset, beside);
  chmodSync(beside, 0o755);
  renameSync(beside, join(DIST, 'civault'));
  say('done', `dist/civault is dist/${name}`);
});
