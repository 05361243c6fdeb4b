// Arguments and variables that are not UTF-8. Node reads them as text, so that they cannot be handed on as they are: where
// /proc shows that some are, it is better to say so than to hand on others.

import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';

// What Node makes of bytes that are no UTF-8. A text may hold it by right.
const REPLACED = '\ufffd';

/** Which of some arguments are not what this program was started with; none where that cannot be known. */
export function alteredArguments(args: readonly string[]): string[] {
  const suspects = args.filter((arg) => arg.includes(REPLACED));
  if (suspects.length === 0) return [];
  const changed = rawEntries('/proc/self/cmdline').map((entry) => entry.toString());
  return suspects.filter((arg) => changed.includes(arg));
}

/** The names of the variables that are not what this program was started with; none where that cannot be known. */
export function alteredVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const suspects = Object.keys(environment).filter((name) => environment[name]?.includes(REPLACED));
  if (suspects.length === 0) return [];
  const changed = rawEntries('/proc/self/environ').map((entry) => entry.toString().replace(/=.*$/s, ''));
  return suspects.filter((name) => changed.includes(name));
}

/** The entries of such a file that are not UTF-8. */
function rawEntries(path: string): Buffer[] {
  const entries: Buffer[] = [];
  try {
    const all = readFileSync(path);
    for (let from = 0; from < all.length; ) {
      const end = all.indexOf(0, from);
      const entry = all.subarray(from, end < 0 ? undefined : end);
      if (!isUtf8(entry)) entries.push(entry);
      from += entry.length + 1;
    }
  } catch {
    // No /proc.
  }
  return entries;
}
