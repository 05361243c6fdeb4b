// What stands in the documents: fenced blocks with what they are marked as, and tables.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { marked, type Tokens } from 'marked';
import { parse } from 'yaml';

const ROOT = new URL('../../', import.meta.url);

/** A fenced block. Its info string is a language and perhaps a mark: `before`, or the name of a file in the project. */
export interface Block {
  /** From the root of the repository: `docs/recipes/trivy.md`. */
  readonly file: string;
  /** From 1. */
  readonly number: number;
  readonly language: string;
  readonly mark: string | undefined;
  readonly text: string;
}

/** A job as YAML has it, after `!reference` and merging where that matters. */
export interface JobText {
  readonly [key: string]: unknown;
  readonly id_tokens?: Readonly<Record<string, { readonly aud: string | readonly string[] }>>;
  readonly before_script?: readonly unknown[];
  readonly script?: readonly unknown[];
}

/** All files of the documents whose blocks are run. */
export function documents(): string[] {
  const recipes = readdirSync(new URL('docs/recipes/', ROOT)).sort();
  return [...recipes.map((name) => `docs/recipes/${name}`), 'docs/components.md'];
}

export function blocksOf(file: string): Block[] {
  const blocks: Block[] = [];
  void marked.walkTokens(marked.lexer(readText(file)), (token) => {
    if (token.type !== 'code' || token['codeBlockStyle'] === 'indented') return;
    const [language = '', mark] = (token['lang'] ?? '').split(/\s+/);
    blocks.push({ file, number: blocks.length + 1, language, mark, text: `${token['text']}\n` });
  });
  return blocks;
}

/** Tables as rows of text, the head first, without the marks of Markdown. */
export function tablesOf(file: string): string[][][] {
  const plain = ({ text }: Tokens.TableCell) => text.replaceAll('`', '').replaceAll('\\|', '|');
  return marked
    .lexer(readText(file))
    .filter((token): token is Tokens.Table => token.type === 'table')
    .map(({ header, rows }) => [header, ...rows].map((cells) => cells.map(plain)));
}

/** Whether there is code that is only indented, which has no mark. */
export function hasIndentedCode(file: string): boolean {
  return marked
    .lexer(readText(file))
    .some((token) => token.type === 'code' && token['codeBlockStyle'] === 'indented');
}

/** The files that a document links to, without what follows a `#`. */
export function linksOf(file: string): string[] {
  const links: string[] = [];
  void marked.walkTokens(marked.lexer(readText(file)), (token) => {
    if (token.type === 'link' && !/^[a-z]+:/.test(token['href']))
      links.push(token['href'].replace(/#.*/, ''));
  });
  return links;
}

export function readText(file: string): string {
  return readFileSync(new URL(file, ROOT), 'utf8');
}

export function pathOf(file: string): string {
  return fileURLToPath(new URL(file, ROOT));
}

/** `!reference` is GitLab's own tag; what it refers to is gitlab-ci-local's matter. */
const customTags = [{ tag: '!reference', collection: 'seq' as const, resolve: () => null }];

/** The visible jobs of a block: what is neither hidden nor one of GitLab's own keywords. */
export function jobsOf(yaml: string): Record<string, JobText> {
  const all: Record<string, JobText> = parse(yaml, { customTags, logLevel: 'error' });
  const keywords = new Set(['include', 'stages', 'variables', 'default', 'workflow', 'spec', 'image']);
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => !name.startsWith('.') && !keywords.has(name)),
  );
}

/** The audiences that a document's ID tokens are declared for, by variable, hidden jobs included. */
export function idTokensOf(yaml: string): Record<string, string> {
  const all: Record<string, JobText> = parse(yaml, { customTags, logLevel: 'error' });
  return Object.fromEntries(
    Object.values(all).flatMap((job) =>
      Object.entries(job?.id_tokens ?? {}).map(([name, { aud }]) => [name, String(aud)]),
    ),
  );
}
