// make timeline: one run of civault for one secret, phase by phase, drawn into docs/timeline.svg. Each bar is the median of
// many runs. What comes before Node.js begins and after the last phase civault cannot see: that is what the run took until
// it told of the others, and from then on.

import { writeFileSync } from 'node:fs';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { startJob } from '../harness/job.ts';
import { GUIDE_SECRETS, mappingsOf } from './pipelines.ts';
import { median } from './turns.ts';

const FILE = new URL('../../docs/timeline.svg', import.meta.url);
const ROUNDS = 41;

// Pixels, and those of a millisecond.
const ROW = 22;
const LEFT = 110;
const SCALE = 16;
const COLOURS: Readonly<Record<string, string>> = {
  login: '#2a7',
  read: '#2a7',
  revoke: '#2a7',
  write: '#c33',
};

interface Phase {
  readonly name: string;
  /** Milliseconds. */
  readonly took: number;
  readonly what: string;
}

// In the order in which they are drawn, with what is done in each.
const WHAT: ReadonlyMap<string, string> = new Map([
  ['exec', 'fork and exec; the 83,000 addresses in the file are filled in'],
  ['runtime', 'Node.js, V8 and OpenSSL; the bundle and its code cache'],
  ['modules', "civault's modules; Node's net, tls, crypto"],
  ['settings', 'flags, variables, the ID token, the CA'],
  ['TLS context', "OpenSSL's context; the connection is begun"],
  ['connect', 'TCP'],
  ['https', "Node's http and https, while the server answers the handshake"],
  ['TLS handshake', 'what is left to wait for of it'],
  ['login', 'POST auth/jwt/login'],
  ['read', 'GET secret/data/…'],
  ['write', 'the result'],
  ['revoke', 'POST auth/token/revoke-self'],
  ['the rest', 'the phases are told'],
  ['exit', 'the kernel takes its memory back'],
]);

const job = await startJob();
try {
  const phases = await measure();
  writeFileSync(FILE, drawing(phases));
  for (const { name, took } of phases) console.log(`${name.padEnd(14)}${took.toFixed(1).padStart(6)} ms`);
} finally {
  await job.end();
}

async function measure(): Promise<Phase[]> {
  const all = new Map<string, number[]>();
  const add = (name: string, took: number) => all.set(name, [...(all.get(name) ?? []), took]);
  for (let round = 0; round < ROUNDS; round += 1) {
    const args = ['env', '--timing', ...mappingsOf(GUIDE_SECRETS.slice(0, 1))];
    const started = performance.now();
    let told = 0;
    const { stderr, milliseconds } = await runCommand(CIVAULT, args, {
      env: job.env,
      onMessage: () => {
        told = performance.now() - started;
      },
    });
    add('exit', milliseconds - told);
    for (const [, name = '', took] of stderr.matchAll(/^civault: {3}([\w ]+?) +(\d+\.\d)$/gm)) {
      if (name === 'in all') add('exec', told - Number(took));
      else add(name, Number(took));
    }
  }
  return [...WHAT].map(([name, what]) => {
    const times = all.get(name);
    if (times?.length !== ROUNDS) throw new Error(`civault does not always tell of "${name}"`);
    return { name, what, took: median(times) };
  });
}

/** The phases one under the other, each where the one before it ends. */
function drawing(phases: readonly Phase[]): string {
  const whole = phases.reduce((sum, { took }) => sum + took, 0);
  const width = LEFT + Math.ceil(whole) * SCALE + 420;
  const bottom = phases.length * ROW + 6;
  const parts: string[] = [];
  for (let at = 0; at <= whole; at += 5) {
    const x = LEFT + at * SCALE;
    parts.push(`<path d="M${x} 0V${bottom}" stroke="#ccc"/>`, label(x, bottom + 14, `${at} ms`, 'middle'));
  }
  let since = 0;
  for (const [index, { name, took, what }] of phases.entries()) {
    const x = LEFT + since * SCALE;
    const y = index * ROW + 4;
    const length = Math.max(1, took * SCALE);
    parts.push(
      label(LEFT - 8, y + 13, name, 'end'),
      `<rect x="${x.toFixed(1)}" y="${y}" width="${length.toFixed(1)}" height="${ROW - 6}" fill="${COLOURS[name] ?? '#47a'}"/>`,
      label(x + length + 6, y + 13, `${took.toFixed(1)}   ${what}`, 'start'),
    );
    since += took;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${bottom + 22}" font-family="sans-serif" font-size="12">
<title>One secret, phase by phase: ${whole.toFixed(0)} ms</title>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

function label(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end'): string {
  const safe = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}" fill="#333">${safe}</text>`;
}
