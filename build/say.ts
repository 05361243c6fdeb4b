// How the build talks: one line a step, so that a job log shows what was done and what is slow.

const started = performance.now();

/** Says what a step does or did. */
export function say(step: string, text: string): void {
  console.log(`${seconds()}  ${step.padEnd(8)}${text}`);
}

/** An error that the user can mend; the build ends with its message and without a stack. */
export class BuildError extends Error {}

function seconds(): string {
  return `${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s`;
}
