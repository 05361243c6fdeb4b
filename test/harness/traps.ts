// A folder full of what would run, or change what runs, if a variable, a working directory or a home were trusted.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leaveNothing } from './leftovers.ts';

const EVIL = 'require("fs").writeFileSync("ran", ""); console.log("EVIL")';

export interface TrapFolder {
  readonly path: string;
  readonly at: (name: string) => string;
  /** All that is in it, with its size and its time: what a run wrote shows. */
  readonly state: () => string[];
  readonly remove: () => void;
}

/** Makes one, with folders `home`, `tmp` and `written` in it. */
export function makeTraps(): TrapFolder {
  const path = mkdtempSync(join(tmpdir(), 'civault-traps-'));
  const at = (name: string) => join(path, name);
  const remove = leaveNothing(() => rmSync(path, { recursive: true, force: true }));
  for (const folder of ['.', 'home', 'tmp', 'written']) {
    mkdirSync(at(folder), { recursive: true });
    layTraps(at(folder));
  }
  return { path, at, state: () => listing(path), remove };
}

/** Lays them in any folder. */
export function layTraps(folder: string): void {
  const put = (name: string, text: string, mode = 0o644) => writeFileSync(join(folder, name), text, { mode });
  for (const name of ['get', 'evil.js', 'index.js', 'main.js', '.noderc', '.node_repl_history'])
    put(name, EVIL);
  put('evil.mjs', EVIL);
  put('evil.sh', '#!/bin/sh\necho EVIL\n', 0o755);
  put('evil.so', 'no library');
  put('hosts', '127.0.0.1 evil.test\n');
  put(
    'package.json',
    '{"type":"module","main":"evil.js","imports":{"#*":"./evil.js"},"exports":"./evil.js","pkg":{"scripts":"evil.js"},"bin":"evil.js"}',
  );
  put(
    '.npmrc',
    'node-options=--require ./evil.js\ncafile=evil.pem\nstrict-ssl=false\nhttps-proxy=http://127.0.0.1:9\n',
  );
  put('openssl.cnf', 'nodejs_conf = bad\n[bad]\nssl_conf = nowhere\n[[[');
  put('.env', 'NODE_OPTIONS=--require ./evil.js\nVAULT_SKIP_VERIFY=1\nVAULT_ADDR=http://127.0.0.1:9\n');
  put('node.config.json', '{"nodeOptions":{"require":["./evil.js"],"import":["./evil.mjs"]}}');
  put('tsconfig.json', '{"extends":"./evil.json","compilerOptions":{"paths":{"*":["./evil.js"]}}}');
  put('.curlrc', 'insecure\nproxy = http://127.0.0.1:9\n');
  put('.netrc', 'default login evil password evil\n');
  put('.vault-token', 'hvs.anothersTokenOfNobody00');
  for (const module of ['minimist', 'https', 'tls', 'civault']) {
    mkdirSync(join(folder, 'node_modules', module), { recursive: true });
    put(`node_modules/${module}/index.js`, EVIL);
  }
}

function listing(folder: string, below = ''): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const name = join(below, entry.name);
      if (entry.isDirectory()) return [name, ...listing(join(folder, entry.name), name)];
      const { size, mtimeMs } = statSync(join(folder, entry.name));
      return [`${name} ${size} ${mtimeMs}`];
    })
    .sort();
}
