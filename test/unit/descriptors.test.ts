// Proves which descriptors a program is found to have been started with, in a Node of its own.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { makePipe } from '../../src/child/pipe.ts';

const SOURCE = fileURLToPath(new URL('../../src/child/descriptors.ts', import.meta.url));

describe('descriptors that were handed in', {
  skip: existsSync('/proc/self/fd') ? false : 'there is no /proc here',
}, () => {
  let code = '';
  /** Those that whoever runs the tests has left open for all that it starts. */
  let always: readonly number[] = [];
  before(async () => {
    const contents = `import { inheritedDescriptors } from ${JSON.stringify(SOURCE)};
      console.log(JSON.stringify(inheritedDescriptors()));`;
    const stdin = { contents, resolveDir: '/' };
    const { outputFiles } = await build({
      stdin,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      write: false,
    });
    code = outputFiles[0]?.text ?? '';
    always = found('');
  });

  /** What Node finds when a shell starts it with redirections. */
  function found(redirections: string, more: readonly number[] = []): readonly number[] {
    const args = ['--norc', '-c', `exec "$0" -e "$1" ${redirections}`, process.execPath, code];
    const { stdout, stderr } = spawnSync('/bin/bash', args, {
      env: {},
      stdio: ['ignore', 'pipe', 'pipe', ...more],
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    return (JSON.parse(String(stdout)) as number[]).filter((each) => !always.includes(each));
  }

  for (const [what, redirections, expected] of [
    ['none', '', []],
    ['a file', '3< /bin/sh', [3]],
    ['files with gaps between', '5< /bin/sh 9< /bin/sh', [5, 9]],
    ['a second name of an output', '3>&1', [3]],
    ['more of the same', '4>&1 6>&1', [4, 6]],
    ['a pipe to write, which bash has open on 63 as well', '4> >(cat)', [4, 63]],
    ['nowhere', '3> /dev/null 8> /dev/null', [3, 8]],
    ['nothing to read, before all others', '3< /dev/null', [3]],
    ['among the numbers of those that Node opens', '17< /bin/sh 18< /bin/sh', [17, 18]],
    ['numbers that no script uses', '300< /bin/sh 200< /bin/sh', [200]],
  ] as const) {
    test(what, () => {
      assert.deepEqual(found(redirections), expected);
    });
  }

  test('both ends of a pipe, as make hands them', () => {
    const { read, write } = makePipe() ?? assert.fail('no pipe was made');
    assert.deepEqual(found('', [read, write]), [3, 4]);
    closeSync(read);
    closeSync(write);
  });
});
