// A release's description, which is its section of CHANGELOG.md: node --import tsx build/notes.ts >FILE

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { BuildError, runBuild } from './say.ts';
import { packageVersion } from './version.ts';

/**
 * The section of a version.
 * @throws {BuildError} when there is none, or nothing in it
 */
export function notesOf(version: string, changelog = read('../CHANGELOG.md')): string {
  const sections = changelog.split(/^(?=## )/m);
  const own = sections.find((section) => {
    const [, name] = /^## \[?([^\]\s]+)/.exec(section) ?? [];
    return name === version;
  });
  const text = own?.replace(/^.*\n/, '').trim() ?? '';
  if (text === '') throw new BuildError(`CHANGELOG.md says nothing of ${version}: give it a section`);
  return `${text}\n`;
}

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runBuild(async () => {
    process.stdout.write(notesOf(packageVersion()));
  });
}
