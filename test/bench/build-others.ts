// make bench-others: builds, each once, the programs that make bench measures beside civault. Go checks what it fetches against
// its checksum database; the programs are kept in ~/.cache/civault.

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Built, CLIENT, placeOf, VALS } from './others.ts';

const OWN_SOURCE = fileURLToPath(new URL('go-client/main.go', import.meta.url));

for (const program of [CLIENT, VALS]) {
  if (!existsSync(placeOf(program))) build(program);
  console.log(`${program.name}: ${placeOf(program)}`);
}

function build(program: Built): void {
  const { name, version, module, package: main } = program;
  console.log(`${name} ${version}: building, which may take some minutes`);
  mkdirSync(dirname(placeOf(program)), { recursive: true });
  // Beside its place, so that it can be renamed into it.
  const folder = mkdtempSync(`${placeOf(program)}.`);
  const go = (...args: string[]) =>
    execFileSync('go', args, {
      cwd: folder,
      env: { ...process.env, CGO_ENABLED: '0' },
      stdio: ['ignore', 'inherit', 'pipe'],
    });
  try {
    writeFileSync(
      join(folder, 'go.mod'),
      `module civault.test/bench\n\ngo 1.25\n\nrequire ${module} ${version}\n`,
    );
    // A package that is named by nothing would be tidied away.
    if (main === undefined) copyFileSync(OWN_SOURCE, join(folder, 'main.go'));
    else writeFileSync(join(folder, 'tools.go'), `//go:build tools\n\npackage tools\n\nimport _ "${main}"\n`);
    go('mod', 'tidy');
    go('build', '-trimpath', '-ldflags=-s -w', '-o', 'built', main ?? '.');
    renameSync(join(folder, 'built'), placeOf(program));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
