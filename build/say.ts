// How the build talks: one line a step, so that a job log shows what was done and what is slow.

const started = performance.now();

/** Says what a step does or did. */
export function say(step: string, text: string): void {
  console.log(`${seconds()}  ${step.padEnd(8)}${text}`);
}

/** An error that the user can mend; the build ends with its message and without a stack. */
export class BuildError extends Error {}

/** Runs a build and ends the process: with 1 and a message for a BuildError. */
export async function runBuild(build: () => Promise<void>): Promise<never> {
  try {
    await build();
    // A download that was given up may still hold a socket open.
    process.exit(0);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(`build: ${error.message}`);
    process.exit(1);
  }
}

function seconds(): string {
  return `${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s`;
}
