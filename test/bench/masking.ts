// What masking lets through in a second: push() alone, in chunks of 64 KiB. Alone: node --import tsx test/bench/masking.ts

import { createHash, generateKeyPairSync } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { maskForms } from '../../src/output/mask-forms.ts';
import { createMasker, type Masker } from '../../src/output/masker.ts';
import { median } from './turns.ts';

const CHUNK = 65_536;
const SIZE = 8 * 1024 * 1024;
const ROUNDS = 9;

/** Measures all kinds of text and writes a line for each. */
export function benchMasking(write: (line: string) => void): void {
  const secrets = tenSecrets();
  const started = performance.now();
  const forms = maskForms(secrets);
  const made = performance.now();
  createMasker(forms);
  const ready = performance.now();
  write(
    `masking      ${forms.length} forms of ten secrets, made in ${(made - started).toFixed(1)} ms, masker in ${(ready - made).toFixed(1)} ms, the first time`,
  );
  for (const [name, values, text] of [
    ['log', secrets, logText()],
    ['log, secrets in it', secrets, logText(secrets)],
    ['base64', secrets, base64Text()],
    ['binary', secrets, noise(SIZE)],
    ['log, a 4-byte secret', ['hunt'], logText()],
    ['log, ten and a 4-byte secret', [...secrets, 'hunt'], logText()],
    ['one byte, 128 KiB of it', ['a'.repeat(131_072)], Buffer.alloc(SIZE, 'a')],
    ['one byte, 20 of it', ['a'.repeat(20)], Buffer.alloc(SIZE, 'a')],
    ['one byte, b in the end', [`${'a'.repeat(131_071)}b`], Buffer.alloc(SIZE, 'a')],
    ['one byte, all forms', [`${'a'.repeat(60)}"'&<%/ b`], Buffer.alloc(SIZE, 'a')],
    ['wrapped base64 of one byte', ['aaa'.repeat(40_000)], wrapped('YWFh')],
    ['period of two', ['abababab', 'babababa'], Buffer.alloc(SIZE, 'ab')],
  ] as const) {
    write(
      `  ${name.padEnd(30)} ${throughput(createMasker(maskForms(values)), text)
        .toFixed(0)
        .padStart(6)} MB/s`,
    );
  }
}

function throughput(masker: Masker, text: Buffer): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const started = performance.now();
    for (let at = 0; at < text.length; at += CHUNK) masker.push(text.subarray(at, at + CHUNK));
    masker.end();
    return text.length / 1e3 / (performance.now() - started);
  });
  return median(rounds);
}

/** Tokens, passwords and a key as they are in Vault: the same at each run. */
function tenSecrets(): string[] {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const random = (name: string, length: number) => noiseOf(name, length).toString('base64').slice(0, length);
  return [
    privateKey,
    `hvs.${random('vault', 24)}`,
    `glpat-${random('gitlab', 20)}`,
    `squ_${noiseOf('sonar', 20).toString('hex')}`,
    random('aws', 40),
    'correct horse battery staple!',
    `p@ss"w0rd'$${random('x', 20)}&<>%`,
    `https://ci:${random('url', 16)}@nexus.example.com/`,
    `postgres://app:${random('db', 18)}@db:5432/app?ssl=true`,
    random('long', 60),
  ];
}

function noiseOf(name: string, length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update(name).digest();
}

function noise(length: number): Buffer {
  return noiseOf('noise', length);
}

function base64Text(): Buffer {
  return Buffer.from(
    noise((SIZE / 4) * 3)
      .toString('base64')
      .replace(/.{76}/g, '$&\n'),
  );
}

function wrapped(four: string): Buffer {
  const line = `${four.repeat(19)}\n`;
  return Buffer.from(line.repeat(Math.ceil(SIZE / line.length)));
}

function logText(secrets: readonly string[] = []): Buffer {
  const lines = [];
  let length = 0;
  for (let index = 0; length < SIZE; index += 1) {
    const id = noiseOf(String(index), 8).toString('hex');
    const line = [
      `2026-03-01T12:${String(index % 60).padStart(2, '0')}:07.123Z INFO  [main] c.e.app.OrderService - order ${id} was stored in ${index % 97} ms`,
      `#${index} [build ${index % 20}/20] RUN npm ci --no-progress && npm run build -- --mode production`,
      `added ${index % 1000} packages, and audited ${index} packages in ${index % 60}s`,
      `Downloading https://nexus.example.com/repository/maven/org/springframework/spring-core-${index % 7}.jar (1.${index % 9} MB)`,
      `  ✓ returns the user's name when the session is valid (${index % 30} ms)`,
      secrets.length === 0 ? 'done' : `token=${secrets[index % secrets.length]}`,
    ][index % 6];
    lines.push(line);
    length += (line?.length ?? 0) + 1;
  }
  return Buffer.from(lines.join('\n'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) benchMasking(console.log);
