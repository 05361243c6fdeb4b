// How the doctor's findings look: aligned at 80 columns for people, in colour where that shows; JSON for machines.

import { withDocs } from '../error-docs.ts';
import { exitStatusOf } from '../exit-codes.ts';
import { compactJson, type JsonValue } from '../json.ts';
import { numberFact, type Step } from './step.ts';

const WIDTH = 80;
// `skip` and the longest name of a step, `certificate`, each with two spaces behind it.
const NAME_AT = 6;
const TEXT_AT = 19;
// Lines that are to be copied stand as far left as they may: a policy's are long.
const BLOCK_AT = 4;

const COLOURS: Readonly<Record<Step['result'], number>> = { ok: 32, FAIL: 31, skip: 33 };

/** A step as people read it, one line or more, each ended. */
export function stepText(step: Step, isColoured: boolean): string {
  const result = step.result.padEnd(NAME_AT);
  const head = isColoured ? `\u001b[${COLOURS[step.result]}m${result}\u001b[0m` : result;
  const [first = '', ...rest] = wrapped(step.says, WIDTH - TEXT_AT);
  const indent = ' '.repeat(TEXT_AT);
  const widest = Math.max(0, ...step.lines.map(([label]) => label.length));
  const lines = [
    `${head}${step.name.padEnd(TEXT_AT - NAME_AT)}${first}`,
    ...rest.map((line) => indent + line),
    ...step.lines.flatMap(([label, text]) => {
      const at = TEXT_AT + widest + 2;
      const [start = '', ...more] = wrapped(text, WIDTH - at);
      return [`${indent}${label.padEnd(widest + 2)}${start}`, ...more.map((line) => ' '.repeat(at) + line)];
    }),
    ...hintLines(step, indent),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function hintLines({ hint, code }: Step, indent: string): string[] {
  if (code === undefined) return [];
  return withDocs(hint, code)
    .split('\n')
    .flatMap((line, index) => {
      // The lines of a block, of YAML or of a policy, are whole as they are.
      if (/^ {4}/.test(line)) return [' '.repeat(BLOCK_AT) + line.slice(4)];
      return wrapped(index === 0 ? `hint: ${line}` : line.trim(), WIDTH - TEXT_AT).map(
        (each) => indent + each,
      );
    });
}

/** The last line: how many steps failed, and what status that is. */
export function summaryText(steps: readonly Step[]): string {
  const failed = steps.filter(({ result }) => result === 'FAIL');
  const [first] = failed;
  if (first?.code === undefined) return 'all is well\n';
  const count = failed.length === 1 ? '1 step failed' : `${failed.length} steps failed`;
  return `${count}: exit status ${exitStatusOf(first.code)} (${first.code})\n`;
}

/** All steps as one JSON object. */
export function reportJson(steps: readonly Step[], status: number): string {
  const object = (step: Step): JsonValue =>
    new Map<string, JsonValue>([
      ['step', step.name.toLowerCase().replace(' ', '_')],
      ['result', step.result.toLowerCase()],
      ['message', step.says],
      ...(step.code === undefined ? [] : [['code', step.code] as const]),
      ...(step.code === undefined ? [] : [['hint', withDocs(step.hint, step.code)] as const]),
      ...step.facts,
    ]);
  const report = new Map<string, JsonValue>([
    ['ok', status === 0],
    ['status', numberFact(status)],
    ['steps', steps.map(object)],
  ]);
  return `${escaped(compactJson(report))}\n`;
}

// JSON lets pass what a terminal acts on, or shows in another order. It stands within texts alone.
function escaped(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Breaks a text between words, and a longer word where a path or a subject has its parts, so that no line is longer. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (line !== '' && joined.length > width) lines.push(line);
    line = line !== '' && joined.length > width ? word : joined;
    while (line.length > width) {
      const end = partOf(line, width);
      lines.push(line.slice(0, end));
      line = line.slice(end);
    }
  }
  return [...lines, line];
}

function partOf(word: string, width: number): number {
  const mark = Math.max(...[':', '/', ',', '='].map((each) => word.lastIndexOf(each, width - 1)));
  if (mark >= width / 2) return mark + 1;
  // Not within a character of two halves.
  return /[\ud800-\udbff]/.test(word.charAt(width - 1)) ? width - 1 : width;
}
