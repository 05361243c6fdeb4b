// test/fixtures/vault-refusals.json: the refusals of a real Vault, to the letter, for the unit tests of what they mean.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Answers } from './answers-table.ts';
import type { Entry } from './transcript.ts';

const FILE = fileURLToPath(new URL('../fixtures/vault-refusals.json', import.meta.url));

/** A refusal of a login or of a read. */
export interface RecordedRefusal {
  readonly of: 'login' | 'read';
  readonly status: number;
  /** As it was answered. */
  readonly body: unknown;
}

/** The refusals among some answers, each once. */
export function refusalsIn(answers: readonly Answers[]): RecordedRefusal[] {
  const found = new Map<string, RecordedRefusal>();
  for (const entry of answers.flatMap(({ given, fetched }) => [...given, ...fetched])) {
    const refusal = refusalIn(entry);
    if (refusal !== undefined) found.set(JSON.stringify(refusal), refusal);
  }
  return [...found.values()];
}

function refusalIn(entry: Entry): RecordedRefusal | undefined {
  if (entry.kind !== 'answer' || !entry.told || entry.status < 400) return undefined;
  const of = /^POST auth\/.+\/login$/.test(entry.request)
    ? 'login'
    : entry.request.startsWith('GET ')
      ? 'read'
      : undefined;
  // How Vault is tells its own path, with statuses that are no refusals.
  if (of === undefined || /^GET sys\/(health|seal-status)/.test(entry.request)) return undefined;
  // The web server's own, before Vault saw the request.
  if (entry.body === '') return undefined;
  // Times that were put out of the way are numbers no more.
  const body: unknown = JSON.parse(entry.body.replace(/:SECONDS\b/g, ':0'));
  return { of, status: entry.status, body };
}

/** The committed ones. */
export function readRefusals(): RecordedRefusal[] {
  return JSON.parse(readFileSync(FILE, 'utf8')) as RecordedRefusal[];
}

export function writeRefusals(refusals: readonly RecordedRefusal[]): void {
  writeFileSync(FILE, `[\n${refusals.map((refusal) => `  ${JSON.stringify(refusal)}`).join(',\n')}\n]\n`);
}
