// Who may look into a civault that runs: its memory, its open files, its environment.

/** Why these tests cannot; undefined where they can. */
export function whyNotSeen(): string | undefined {
  if (process.getuid?.() === 0) return undefined;
  return 'civault shuts itself to other programs of its user (build/init.ts): root alone may look into it';
}
