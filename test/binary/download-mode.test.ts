// Proves on the binary which mode a downloaded file has: what the umask leaves, and a program's where that is wanted.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { assertDone, downloads } from '../harness/downloads.ts';

const at = downloads();
const AMD = 'civault-linux-amd64';
const bytesOf = (name: string) => at.job.files.get(name) ?? assert.fail(`no ${name}`);

describe('its mode', () => {
  for (const [mask, plain, program] of [
    ['022', '644', '755'],
    ['077', '600', '700'],
    ['002', '664', '775'],
    ['027', '640', '750'],
  ] as const) {
    test(`is what a umask of ${mask} leaves, and with --executable whoever reads it may run it`, async () => {
      const run = (args: string) => at.run(`umask ${mask}; exec civault download ${args}`);
      assertDone(await run(AMD));
      assertDone(await run(`${AMD} --executable --output program`));
      assert.deepEqual([at.modeOf(AMD), at.modeOf('program')], [plain, program]);
    });
  }

  test('of a file that is there already as it should be, is mended by --executable alone', async () => {
    writeFileSync(join(at.here, AMD), bytesOf(AMD));
    chmodSync(join(at.here, AMD), 0o640);
    assertDone(await at.download(AMD), /is there already/);
    assert.equal(at.modeOf(AMD), '640');
    assertDone(await at.download(`${AMD} --executable`), /is there already/);
    assert.equal(at.modeOf(AMD), '750');
  });

  test('what was downloaded so runs', async () => {
    at.job.release('v0.2.0', { hello: '#!/bin/sh\necho "hello $1"\n' });
    const run = await at.run('civault download hello --tag v0.2.0 --executable && ./hello you');
    assert.equal(run.stdout.toString(), 'hello you\n');
    assert.ok(!existsSync(join(at.here, 'hello.part')));
  });
});
