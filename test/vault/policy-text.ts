// Reading a policy's text: the part of HCL that policies use, or the same as JSON.

import { toSeconds } from './fields.ts';
import { errorList, refusal } from './reply.ts';

export type Capability = 'deny' | 'create' | 'read' | 'update' | 'delete' | 'list' | 'sudo' | 'patch';

export interface PathRule {
  readonly path: string;
  readonly capabilities: ReadonlySet<Capability>;
  /** Seconds; 0 is "not set". */
  readonly minWrappingTtl: number;
  readonly maxWrappingTtl: number;
}

const capabilities: ReadonlySet<string> = new Set([
  'deny',
  'create',
  'read',
  'update',
  'delete',
  'list',
  'sudo',
  'patch',
]);
const known: ReadonlySet<string> = new Set([
  'comment',
  'capabilities',
  'min_wrapping_ttl',
  'max_wrapping_ttl',
]);

/** The rules of a policy, in the order they are written; a mistake is Vault's 400. */
export function parsePolicy(text: string): PathRule[] {
  const stanzas = text.trim().startsWith('{') ? fromJson(text) : fromHcl(text);
  return stanzas.map(([path, attributes, lines]) => toRule(path, attributes, lines));
}

type Attributes = Map<string, unknown>;
/** With the lines that the attributes' names stand on. */
type Stanza = readonly [path: string, attributes: Attributes, lines: ReadonlyMap<string, number>];

function toRule(path: string, attributes: Attributes, lines: ReadonlyMap<string, number>): PathRule {
  for (const key of attributes.keys()) {
    if (!known.has(key))
      throw invalid(errorList(`path "${path}": invalid key "${key}" on line ${lines.get(key)}`));
  }
  if (path.includes('+*')) throw invalid(`path "${path}": invalid use of wildcards ('+*' is forbidden)`);
  const given = attributes.get('capabilities') ?? [];
  const granted = Array.isArray(given) ? given.map(String) : [String(given)];
  for (const capability of granted) {
    if (!capabilities.has(capability)) throw invalid(`path "${path}": invalid capability "${capability}"`);
  }
  return {
    path: path.replace(/^\//, ''),
    // Deny stands alone: beside it no other capability counts.
    capabilities: new Set((granted.includes('deny') ? ['deny'] : granted) as Capability[]),
    minWrappingTtl: toSeconds(attributes.get('min_wrapping_ttl') ?? 0),
    maxWrappingTtl: toSeconds(attributes.get('max_wrapping_ttl') ?? 0),
  };
}

function fromJson(text: string): Stanza[] {
  let parsed: { path?: Record<string, Record<string, unknown>> };
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch {
    throw invalid('object expected closing RBRACE got: EOF');
  }
  return Object.entries(parsed.path ?? {}).map(([path, rule]) => [
    path,
    new Map(Object.entries(rule)),
    new Map(),
  ]);
}

function fromHcl(text: string): Stanza[] {
  const pattern = /#.*|\/\/.*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|[A-Za-z_][\w-]*|\d+|\S/g;
  const matches = [...text.matchAll(pattern)].filter(([token]) => !/^(?:#|\/\/|\/\*)/.test(token));
  const tokens = matches.map(([token]) => token);
  let at = 0;

  const next = (): string => {
    const token = tokens[at];
    if (token === undefined) throw invalid(`At ${endOf(text)}: object expected closing RBRACE got: EOF`);
    at += 1;
    return token;
  };
  const expect = (wanted: string): void => {
    const token = next();
    if (token !== wanted) throw invalid(`illegal character: expected "${wanted}", found ${token}`);
  };
  const name = (): string => unquote(next());
  const value = (): unknown => {
    const token = next();
    if (token !== '[') return unquote(token);
    const list: unknown[] = [];
    while (tokens[at] !== ']') {
      list.push(value());
      if (tokens[at] === ',') at += 1;
    }
    at += 1;
    return list;
  };
  const body = (): readonly [Attributes, ReadonlyMap<string, number>] => {
    const attributes: Attributes = new Map();
    const lines = new Map<string, number>();
    expect('{');
    while (tokens[at] !== '}') {
      const line = text.slice(0, matches[at]?.index).split('\n').length;
      const key = name();
      lines.set(key, line);
      expect('=');
      attributes.set(key, value());
    }
    at += 1;
    return [attributes, lines];
  };

  const stanzas: Stanza[] = [];
  while (at < tokens.length) {
    const key = name();
    if (key === 'path') {
      stanzas.push([name(), ...body()]);
    } else if (key === 'name') {
      expect('=');
      value();
    } else {
      // Vault does not know the line of what stands at the top.
      throw invalid(errorList(`invalid key "${key}" on line 0`));
    }
  }
  return stanzas;
}

// Where HCL's scanner is when it runs out of text: a column beyond the last.
function endOf(text: string): string {
  const lines = text.split('\n');
  return `${lines.length}:${(lines.at(-1) ?? '').length + 2}`;
}

function unquote(token: string): string {
  if (token.startsWith('"')) return JSON.parse(token) as string;
  if (/^[\w-]+$/.test(token)) return token;
  throw invalid(`illegal character: ${token}`);
}

function invalid(text: string): Error {
  return refusal(400, `failed to parse policy: ${text}`);
}
