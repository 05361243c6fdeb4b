// Builds the static file: node --import tsx build/build.ts [--arch amd64|arm64] [--node node20]

import minimist from 'minimist';
import { findArch } from './arch.ts';
import { findBase } from './base.ts';
import { makeBinary } from './binary.ts';
import { supportOf } from './node-lines.ts';
import { runBuild, say } from './say.ts';

await runBuild(async () => {
  const { arch = '', node = 'node20' } = minimist(process.argv.slice(2), { string: ['arch', 'node'] });
  const base = await findBase(findArch(arch === '' ? undefined : arch), node);
  say('base', supportOf(base.nodeVersion));
  await makeBinary(base);
});
