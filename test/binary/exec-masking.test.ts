// Proves on the binary what `civault exec` masks, however the command writes it: by way of pipes on this machine, and of
// sockets in a root without /proc.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CIVAULT } from '../harness/busybox-root.ts';
import { type CommandOptions, type Outcome, runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { makePlace, type Place } from '../harness/place.ts';

const NEXUS = 'secret/data/nexus/svc-orchestrator';
const SONAR = 'secret/data/sonarqube/svc-orchestrator';
const FORMS = 'secret/data/ci/forms';
const MASK = '[MASKED]';
const READY = 'ready\n';

/** What else a test fetches: the guide has no values like these. */
const OTHERS = {
  short: 'xyz',
  brief: 'tomato-9',
  longer: 'tomato-9-and-basil',
  pem: `-----BEGIN FAKE KEY-----\n${randomBytes(48).toString('base64')}\n${randomBytes(48).toString('base64')}\n-----END FAKE KEY-----\n`,
  nested: { user: 'inner-user', list: ['second "inner" value', 1234567] },
};

let job: Job;
let place: Place;
let password: string;
before(async () => {
  job = await startJob();
  place = makePlace();
  password = String(job.guide.secrets[NEXUS]?.['password']);
  await job.vault.request('POST', FORMS, { data: OTHERS });
});
after(async () => {
  place?.remove();
  await job?.end();
});

/** Bytes to be written, and how many milliseconds to wait before those that come next. */
type Piece = string | Buffer | number;

interface Way {
  readonly described: string;
  readonly run: (script: string, options: CommandOptions) => Promise<Outcome>;
}

const WAYS: readonly Way[] = [
  { described: 'by way of sockets', run: (script, options) => place.run(script, options) },
  {
    described: 'by way of pipes',
    // Each of both outputs ends in a pipe of its own.
    run: (script, options) =>
      runCommand('/bin/sh', ['-c', `{ { ${script}; } 2>&1 >&3 3>&- | cat >&2 3>&-; } 3>&1 | cat`], {
        ...options,
        env: { ...options.env, PATH: `${dirname(CIVAULT)}:/usr/bin:/bin` },
      }),
  },
];

/** Has a command write pieces, and gives what came of them; `seen` is called with what has come so far before each. */
async function written(
  { run }: Way,
  mapping: string,
  pieces: readonly Piece[],
  { to = 1, env = {}, flags = '', seen }: Written = {},
): Promise<{ text: string; stderr: string }> {
  let input: Writable | undefined;
  let soFar = '';
  const { stdout, stderr } = await run(
    `civault exec ${flags} '${mapping}' -- sh -c 'echo ready; exec cat >&${to}'`,
    {
      env: { ...job.env, ...env },
      limit: 30_000,
      input: (stdin) => {
        input = stdin;
      },
      onOutput: (text) => {
        if (soFar === '' && input !== undefined) {
          void feedPieces(input, pieces, () => seen?.(soFar.slice(READY.length)));
        }
        soFar += text;
      },
    },
  );
  assert.equal(stdout.subarray(0, READY.length).toString(), READY, stderr);
  return { text: to === 1 ? stdout.subarray(READY.length).toString() : stderr, stderr };
}

interface Written {
  readonly to?: 1 | 2;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: string;
  readonly seen?: (soFar: string) => void;
}

async function feedPieces(stdin: Writable, pieces: readonly Piece[], seen: () => void): Promise<void> {
  for (const piece of pieces) {
    if (typeof piece !== 'number') {
      stdin.write(piece);
      continue;
    }
    await sleep(piece);
    seen();
  }
  stdin.end();
}

/** Asserts that of a value no more was shown than a pause within it may show. */
function assertHidden(text: string, value: string): void {
  assert.ok(text.endsWith(MASK), `no mask in the end, after ${text.length} characters`);
  const shown = text.slice(0, -MASK.length);
  const bytes = Buffer.byteLength(shown);
  const firstLine = Buffer.byteLength(value.split('\n')[0] ?? '');
  assert.ok(value.startsWith(shown), 'something else was shown than the beginning');
  assert.ok(bytes < 8 || bytes * 2 < firstLine, `${bytes} bytes were shown`);
}

for (const way of WAYS) {
  describe(`what is masked, ${way.described}`, () => {
    const mapping = `P=${NEXUS}#password`;
    for (const [to, name] of [
      [1, 'standard output'],
      [2, 'standard error'],
    ] as const) {
      test(`a value in one piece, on ${name}`, async () => {
        const { text } = await written(way, mapping, [`<${password}>`], { to });
        assert.equal(text, `<${MASK}>`);
      });

      test(`byte by byte, with pauses, on ${name}`, async () => {
        const pieces = [...Buffer.from(password)].flatMap((byte) => [Buffer.of(byte), 3]);
        assertHidden((await written(way, mapping, pieces, { to })).text, password);
      });
    }

    for (const [what, cut] of [
      ['after four bytes', () => 4],
      ['in the middle', (bytes: Buffer) => bytes.length >> 1],
      ['before its last byte', (bytes: Buffer) => bytes.length - 1],
      ['within a character', (bytes: Buffer) => bytes.length - 3],
    ] as const) {
      test(`a pause of 200 ms ${what}`, async () => {
        const bytes = Buffer.from(password.trim());
        const at = cut(bytes);
        let early = '';
        const pieces = [bytes.subarray(0, at), 200, bytes.subarray(at)];
        const { text } = await written(way, mapping, pieces, {
          seen: (soFar) => {
            early = soFar;
          },
        });
        // Where this machine was slow, both parts came as one.
        if (at < 8) assert.ok([MASK, `${bytes.subarray(0, at)}${MASK}`].includes(text));
        else assert.deepEqual([text, MASK.startsWith(early)], [MASK, true]);
      });
    }

    test('what tools make of it', async () => {
      const base64 = Buffer.from(password).toString('base64');
      const hex = Buffer.from(password).toString('hex');
      const forms = [
        base64,
        base64.replace(/.{20}/g, '$&\n'),
        base64.replace(/.{16}/g, '$&\r\n'),
        Buffer.from(password).toString('base64url'),
        hex,
        hex.toUpperCase(),
        encodeURIComponent(password),
        JSON.stringify(password).slice(1, -1),
        password.trim(),
      ];
      const { text } = await written(
        way,
        mapping,
        forms.map((form) => `<${form}>\n`),
      );
      // What pads base64 is no part of the value.
      assert.equal(text.replaceAll(/\]={1,2}(?=>)/g, ']'), `<${MASK}>\n`.repeat(forms.length));
    });

    for (const before of ['', 'x', 'xy']) {
      test(`base64 of a text with ${before.length} bytes before it, wrapped or not`, async () => {
        const whole = Buffer.from(`${before}${password}z`).toString('base64');
        const { text } = await written(way, mapping, [`${whole}|${whole.replace(/.{19}/g, '$&\n')}`]);
        for (const part of text.split('|')) {
          assert.match(part, /^[\w+/]{0,3}\[MASKED\]\n?[\w+/]{0,4}={0,2}\n?$/);
        }
      });
    }

    test('each line of a value, but not the lines around a key', async () => {
      const { text } = await written(way, `K=${FORMS}#pem`, [OTHERS.pem.replaceAll('\n', ' |\n')]);
      assert.equal(text, `-----BEGIN FAKE KEY----- |\n${MASK} |\n${MASK} |\n-----END FAKE KEY----- |\n`);
    });

    test('values of which one is the start of the other', async () => {
      const { brief, longer } = OTHERS;
      const pieces = [`${brief} ${longer} ${brief}-and ${longer.slice(0, -1)} ${brief}`, 200, '-and-basil\n'];
      const { text } = await written(way, `*=${FORMS}`, pieces);
      assert.equal(text, `${MASK} ${MASK} ${MASK}-and ${MASK}-and-basi ${MASK}\n`);
    });

    test('what is within a secret that is one variable', async () => {
      const pieces = ['inner-user, second "inner" value, second \\"inner\\" value, 1234567, xyz\n'];
      const { text } = await written(way, `ALL=${FORMS}`, pieces);
      assert.equal(text, `${MASK}, ${MASK}, ${MASK}, ${MASK}, xyz\n`);
    });

    test('the ID token and the Vault token, which are no variable of ours', async () => {
      const own = [job.env['VAULT_ID_TOKEN'] ?? '', job.vault.rootToken];
      const { text: first } = await written(way, mapping, [`${own[0]}\n`], { flags: '--keep-vault-env' });
      assert.equal(first, `${MASK}\n`);
      const env = { VAULT_TOKEN: job.vault.rootToken };
      const { text } = await written(way, mapping, [`${own[1]}\n`], { env, flags: '--keep-vault-env' });
      assert.equal(text, `${MASK}\n`);
    });

    test('a value that is too short is left, and its variable named', async () => {
      const { text, stderr } = await written(way, `SHORT=${FORMS}#short`, ['wxyz\n']);
      assert.equal(text, 'wxyz\n');
      assert.equal(
        stderr,
        'civault: warning: the value of SHORT is too short to be masked (under 4 bytes)\n',
      );
    });

    test('nothing with --no-masking', async () => {
      const { text, stderr } = await written(way, mapping, [password], { flags: '--no-masking' });
      assert.deepEqual([text === password, stderr], [true, '']);
    });

    test('values anywhere in megabytes, written in pieces of any size', async () => {
      // Of one line each: a pause between lines gives each a mask of its own.
      const token = String(job.guide.secrets[SONAR]?.['token']);
      const texts: string[] = [];
      const values: string[] = [];
      for (let index = 0; index < 30_000; index += 1) {
        texts.push(randomBytes((index * 7919) % 96).toString('latin1'));
        values.push(index % 3 === 0 ? token : OTHERS.longer);
      }
      const parts = texts.flatMap((text, index) => [text, values[index] ?? '']);
      const whole = Buffer.from(parts.join('\x00'));
      const pieces: Buffer[] = [];
      for (let at = 0, size = 1; at < whole.length; at += size, size = ((size * 31) % 70_000) + 1) {
        pieces.push(whole.subarray(at, at + size));
      }
      const { text } = await written(way, `T=${SONAR}#token' 'L=${FORMS}#longer`, pieces);
      const between = text.split(MASK);
      assert.deepEqual([between.length, between.pop()], [texts.length + 1, '']);
      for (const [index, part] of between.entries()) {
        const plain = `${index === 0 ? '' : '\x00'}${texts[index]}\x00`;
        // On a busy machine, what should be one piece comes with a pause within it.
        const shown = part.slice(plain.length);
        assert.ok(part.startsWith(plain), `what is before value ${index} was changed`);
        assert.ok(shown === '' || values[index]?.startsWith(shown), `something else before value ${index}`);
        assert.ok(Buffer.byteLength(shown) * 2 < Buffer.byteLength(values[index] ?? ''), 'too much is shown');
      }
    });
  });
}
