// The components' templates: their inputs, and what GitLab makes of them. GitLab replaces `$[[ inputs.x ]]` in the text of the file,
// before it is YAML (Gitlab::Ci::Config::Interpolation::TextTemplate); gitlab-ci-local does it in the YAML that was read.

import { parse, parseAllDocuments } from 'yaml';
import { readText } from './documents.ts';

export const NAMES = ['secrets', 'download'] as const;

export interface Input {
  readonly description?: string;
  readonly default?: string | boolean;
  readonly regex?: string;
  readonly options?: readonly string[];
  readonly type?: 'string' | 'boolean';
}

export interface Template {
  readonly text: string;
  readonly inputs: Readonly<Record<string, Input>>;
}

/** A job as a template makes it. */
export interface MadeJob {
  readonly variables?: Readonly<Record<string, string>>;
  readonly before_script?: readonly string[];
  readonly id_tokens?: Readonly<Record<string, { readonly aud: string }>>;
}

/** What a template is written as: its inputs, and the jobs with nothing put in. */
export function readTemplate(name: string): Template & { readonly jobs: string } {
  const text = readText(`templates/${name}.yml`);
  const [header, ...others] = parseAllDocuments(text);
  if (others.length !== 1) throw new Error(`templates/${name}.yml has to be a header and the jobs`);
  return { text, inputs: header?.toJS().spec.inputs, jobs: text.slice(text.indexOf('\n---\n') + 5) };
}

/** Why GitLab would refuse a value; undefined where it takes it. As Inputs::StringInput has it: a pattern never takes an empty text. */
export function whyRefused(input: Input, given: unknown): string | undefined {
  const value = given ?? input.default;
  if (value === undefined) return 'required value has not been provided';
  if (typeof value !== (input.type ?? 'string')) return `provided value is not a ${input.type ?? 'string'}`;
  if (input.options !== undefined && !input.options.includes(String(value)))
    return 'not in the list of options';
  if (input.regex === undefined) return undefined;
  const matches = String(value).trim() !== '' && new RegExp(input.regex, 'u').test(String(value));
  return matches ? undefined : 'value does not match required RegEx pattern';
}

/** The jobs of a template, as GitLab has them after the inputs were put in. */
export function interpolate(name: string, given: Readonly<Record<string, unknown>>): Record<string, MadeJob> {
  const { inputs, jobs } = readTemplate(name);
  const filled = jobs.replaceAll(/\$\[\[\s*inputs\.([\w-]+)\s*\]\]/g, (_, key: string) => {
    const input = inputs[key];
    if (input === undefined) throw new Error(`${name} has no input ${key}`);
    const why = whyRefused(input, given[key]);
    if (why !== undefined) throw new Error(`\`${key}\` input: ${why}`);
    return String(given[key] ?? input.default);
  });
  return parse(filled);
}
