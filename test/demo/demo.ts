// make demo: the guide's Trivy and sonar jobs in a root that holds BusyBox and civault and nothing else, against a
// stand-in for Vault, or against the Vault that VAULT_ADDR and VAULT_ID_TOKEN name.

import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { civaultScript, GUIDE_SECRETS, guideScript } from '../bench/pipelines.ts';
import { compare } from '../bench/turns.ts';
import { CIVAULT } from '../harness/busybox-root.ts';
import { runCommand } from '../harness/command.ts';
import { startJob } from '../harness/job.ts';
import { makePlace, type Place } from '../harness/place.ts';

const NEXUS = 'secret/data/nexus/svc-orchestrator';
const SONAR = 'secret/data/sonarqube/svc-orchestrator';
const JOBS = [
  {
    name: 'trivy',
    script: `eval "$(civault env 'TRIVY_*=${NEXUS}')"`,
    variables: ['TRIVY_USERNAME', 'TRIVY_PASSWORD'],
  },
  {
    name: 'sonar',
    script: `eval "$(civault env SONAR_TOKEN=${SONAR}#token \\\n      SONAR_HOST_URL=${SONAR}#url)"`,
    variables: ['SONAR_TOKEN', 'SONAR_HOST_URL'],
  },
];
const TURNS = 15;

interface Surroundings {
  readonly vault: string;
  readonly env: Readonly<Record<string, string>>;
  /** Variables for one run that Vault refuses, and what is wrong with them. */
  readonly refusal: {
    readonly what: string;
    readonly env: Readonly<Record<string, string>>;
    readonly ref: string;
  };
  readonly caFile: string | undefined;
  readonly end: () => Promise<void>;
}

async function main(): Promise<void> {
  const surroundings = await findSurroundings();
  const place = makePlace();
  bringNames(place);
  try {
    say('civault fetches the secrets of the guide');
    say(`  where   ${place.described}`);
    say(`  Vault   ${surroundings.vault}`);
    for (const job of JOBS) await show(job, place, surroundings);
    await showMasking(place, surroundings);
    await race(surroundings);
    await showRefusal(place, surroundings);
  } finally {
    place.remove();
    await surroundings.end();
  }
}

async function show(job: (typeof JOBS)[number], place: Place, { env }: Surroundings): Promise<void> {
  const lengths = job.variables.map((name) => `echo "${name} \${#${name}}"`).join('\n');
  const { status, stdout, stderr, milliseconds } = await place.run(`set -e\n${job.script}\n${lengths}`, {
    env,
  });
  say(`\n${job.name} job\n  $ ${job.script}`);
  if (status !== 0) throw new Error(`the ${job.name} job ended with ${status}:\n${stderr}`);
  for (const line of stdout.toString().trim().split('\n')) {
    const [name = '', length = ''] = line.split(' ');
    if (!(Number(length) > 0)) throw new Error(`${name} is empty`);
    say(`  ${name.padEnd(16)} ${length} bytes`);
  }
  say(`  in ${milliseconds.toFixed(0)} ms, shell and all`);
}

async function showMasking(place: Place, { env }: Surroundings): Promise<void> {
  const command = `civault exec PASSWORD=${NEXUS}#password -- sh -c 'echo "it is $PASSWORD"; echo "$PASSWORD" | base64'`;
  const { status, stdout, stderr } = await place.run(command, { env });
  if (status !== 0) throw new Error(`the command ended with ${status}:\n${stderr}`);
  const text = stdout.toString();
  if (!text.startsWith('it is [MASKED]')) throw new Error('the password was not masked');
  say(`\na command with a secret, masked in what it prints\n  $ ${command}`);
  say(text.trimEnd().replace(/^/gm, '  '));
}

async function race({ env, caFile }: Surroundings): Promise<void> {
  say("\nbeside the guide's curl, grep and sed, in turns, medians");
  const curl = await runCommand('/bin/sh', ['-c', 'command -v curl'], { env: { PATH } });
  if (curl.status !== 0) return say('  not measured: there is no curl on this machine');
  const all = { PATH, ...env, ...(caFile === undefined ? {} : { CURL_CA_BUNDLE: caFile }) };
  const shell = (script: string) => ({ command: '/bin/sh', args: ['-c', script], options: { env: all } });
  for (const [name, wanted] of [
    ['one secret', GUIDE_SECRETS.slice(0, 1)],
    ['six secrets', GUIDE_SECRETS],
  ] as const) {
    const { first, second } = await compare(
      shell(civaultScript(wanted, CIVAULT)),
      shell(guideScript(wanted)),
      TURNS,
    );
    say(`  ${name.padEnd(12)} civault ${first.toFixed(0)} ms, the guide ${second.toFixed(0)} ms`);
  }
}

async function showRefusal(place: Place, { env, refusal }: Surroundings): Promise<void> {
  say(`\na refusal, explained: ${refusal.what}`);
  const script = `set -e; eval "$(civault env TOKEN=${refusal.ref})"; echo "not reached"`;
  const { status, stdout, stderr } = await place.run(script, { env: { ...env, ...refusal.env } });
  say(`  $ eval "$(civault env TOKEN=${refusal.ref})"`);
  say(stderr.trimEnd().replace(/^/gm, '  '));
  if (status === 0 || stdout.length > 0) throw new Error('the job ran on after a refusal');
  say(`  the job ends there, with status ${status}`);
}

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

// Only a Vault elsewhere has a name that must be looked up.
function bringNames({ root }: Place): void {
  if (root === undefined || !hasOwnVault()) return;
  mkdirSync(join(root, 'etc'));
  for (const file of ['etc/resolv.conf', 'etc/hosts']) {
    if (existsSync(`/${file}`)) copyFileSync(`/${file}`, join(root, file));
  }
}

function hasOwnVault(): boolean {
  return Boolean(process.env['VAULT_ADDR']) && Boolean(process.env['VAULT_ID_TOKEN']);
}

async function findSurroundings(): Promise<Surroundings> {
  if (hasOwnVault()) return ownVault();
  const job = await startJob();
  return {
    vault: `a stand-in at ${job.env['VAULT_ADDR']}, its own CA, ID tokens verified by RS256`,
    env: job.env,
    refusal: {
      what: 'the job asks for the wrong audience',
      env: { VAULT_ID_TOKEN: await job.issuer.mint({ aud: 'https://vault.example.com' }) },
      ref: `${SONAR}#token`,
    },
    caFile: job.caFile,
    end: job.end,
  };
}

function ownVault(): Surroundings {
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      /^(VAULT|BAO)_/.test(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
  const caFile = process.env['VAULT_CACERT'];
  // By its bytes, since the file is not in the root.
  const bytes = caFile ? { VAULT_CACERT_BYTES: readFileSync(caFile, 'utf8'), VAULT_CACERT: '' } : {};
  return {
    vault: `yours, at ${process.env['VAULT_ADDR']}`,
    env: { ...env, ...bytes },
    refusal: { what: 'a field that is not there', env: {}, ref: `${SONAR}#passwort` },
    caFile,
    end: async () => undefined,
  };
}

function say(text: string): void {
  console.log(text);
}

try {
  await main();
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
