// docs/vault-answers.md: what a real Vault answered to each request of the scenarios, as one table.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Answered, Entry } from './transcript.ts';

const FILE = fileURLToPath(new URL('../../docs/vault-answers.md', import.meta.url));

/** What a scenario gave to see, for each way that Vault has the keys. */
export interface Answers {
  readonly scenario: string;
  readonly given: readonly Entry[];
  readonly fetched: readonly Entry[];
}

/** The page of a server, `Vault 1.21.4`. */
export function renderPage(described: string, answers: readonly Answers[]): string {
  const shown = new Set<string>();
  return `# What Vault answers

Made by \`make vault-answers\`, from what ${described} answered when the scenarios of \`test/scenarios\` were played on it. \`make
test-vault\` compares a real server with it, \`make test\` the tests' stand-in.
The server is the core of Vault with KV, jwt logins and leases, built from Vault's source (\`test/real-vault\`).

An answer is shown where it first comes up, and again where a scenario has no other. What a server makes up for itself stands in capitals (\`ACCESSOR\`, \`UUID\`, \`TIME\`);
of data mostly the names are shown. **Keys** tells whether Vault was given the issuer's public keys
(\`jwt_validation_pubkeys\`) or fetched them (OIDC discovery over TLS), where that makes a difference.

| Scenario | Request | Status | Answer | Keys |
| --- | --- | --- | --- | --- |
${answers.map((each) => rowsOf(each, shown)).join('')}`;
}

/** The lines by which two pages differ, those of `page` with a plus. */
export function pageDifferences(page: string, committed: string): string[] {
  const [lines, others] = [page.split('\n'), committed.split('\n')];
  const more = lines.filter((line) => !others.includes(line)).map((line) => `+ ${line}`);
  const less = others.filter((line) => !lines.includes(line)).map((line) => `- ${line}`);
  // The same lines in another order are a difference as well.
  return more.length + less.length > 0 || page === committed ? [...less, ...more] : ['the order'];
}

/** The server that a page is of. */
export function serverOf(page: string): string {
  return /from what (.+?) answered/.exec(page)?.[1] ?? 'nothing';
}

/** The committed page. */
export function readPage(): string {
  return readFileSync(FILE, 'utf8');
}

export function writePage(page: string): void {
  writeFileSync(FILE, page);
}

function rowsOf({ scenario, given, fetched }: Answers, shown: Set<string>): string {
  const [one = [], other = []] = [given, fetched].map((entries) => entries.filter(isTold).map(cells));
  const rows = [...new Set([...one, ...other])].map((text) => {
    const keys = !other.includes(text) ? 'given' : !one.includes(text) ? 'fetched' : '';
    return `${text} | ${keys} |`;
  });
  const unseen = rows.filter((row) => !shown.has(row));
  // Nothing new, but a reader looks for the scenario: its refusals, or what it ends with but for the token's end.
  const refusals = rows.filter((row) => / \| [45]\d\d \| /.test(row));
  const last = rows.filter((row) => !row.includes('revoke-self')).slice(-1);
  const fresh = [unseen, refusals].find((each) => each.length > 0) ?? last;
  for (const row of fresh) shown.add(row);
  return fresh.map((row, index) => `| ${index === 0 ? escaped(scenario) : ''} | ${row}\n`).join('');
}

function isTold(entry: Entry): entry is Answered {
  return entry.kind === 'answer' && entry.told;
}

function cells({ request, status, headers, body }: Answered): string {
  const said = headers['location'] === undefined ? inShort(body) : `Location: \`${headers['location']}\``;
  return `\`${escaped(request)}\` | ${status} | ${escaped(said)}`;
}

interface Body {
  readonly errors?: readonly string[];
  readonly warnings?: readonly string[] | null;
  readonly auth?: Readonly<Record<string, unknown>> | null;
  readonly wrap_info?: Readonly<Record<string, unknown>> | null;
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly lease_id?: string;
  readonly lease_duration?: number;
  readonly renewable?: boolean;
}

// What a reader wants of a body: refusals to the letter, the rest by what it has in it.
function inShort(text: string): string {
  if (text === '') return 'no body';
  // Times and ids were put out of the way, and with them the JSON of some numbers.
  const body = JSON.parse(text.replace(/:SECONDS\b/g, ':"SECONDS"')) as Body;
  if (body.errors !== undefined) {
    return body.errors.length === 0 ? '`{"errors":[]}`' : body.errors.map(code).join(', ');
  }
  const parts = [
    auth(body.auth),
    body.wrap_info ? `wrap_info: ${Object.keys(body.wrap_info).join(', ')}` : '',
    data(body),
    ...(body.warnings ?? []).map((warning) => `warning: ${code(warning)}`),
  ].filter((part) => part !== '');
  return parts.length > 0 ? parts.join('; ') : names(body);
}

function auth(block: Body['auth']): string {
  if (!block) return '';
  const { token_type: type, policies, lease_duration: time, renewable, num_uses: uses, metadata } = block;
  const limited = Number(uses) > 0 ? `, ${uses} uses` : '';
  const more = metadata ? `, metadata ${code(JSON.stringify(metadata))}` : '';
  return `auth: ${type} token, ${time} s${renewable ? ', renewable' : ''}${limited}, policies ${String(policies)}${more}`;
}

function data({ data: fields, lease_id, lease_duration, renewable }: Body): string {
  if (fields === null || fields === undefined) return '';
  const time = lease_duration
    ? `, lease_duration ${lease_duration}${lease_id ? ', a lease' : ', no lease'}`
    : '';
  const metadata = fields['metadata'] as Readonly<Record<string, unknown>> | undefined;
  if (metadata !== undefined && 'destroyed' in metadata) {
    const inner = fields['data'] === null ? 'null' : names(fields['data'] as object);
    const deleted = metadata['deletion_time'] === '' ? '' : ', deletion_time set';
    return `data.data: ${inner}; version ${metadata['version']}${deleted}${metadata['destroyed'] ? ', destroyed' : ''}`;
  }
  if ('running_plugin_version' in fields) {
    const { path, type, options } = fields;
    return `data: path ${path}, type ${type}, options ${JSON.stringify(options)}, …`;
  }
  return `data: ${names(fields)}${time}${renewable ? ', renewable' : ''}`;
}

function names(value: object): string {
  return Object.keys(value)
    .map((name) => (name === '' ? '""' : name))
    .join(', ');
}

function code(text: string): string {
  return `\`${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')}\``;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
