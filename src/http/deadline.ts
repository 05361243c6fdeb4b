// The one time limit that a run has, over every request, every wait and every phase of both.

/** Tells how much of the run's time is left. */
export interface Deadline {
  /** The whole limit, in milliseconds. */
  readonly limit: number;
  /** What is left of it, in milliseconds, never below 0. */
  readonly remaining: () => number;
  /** The setting that makes it longer; undefined where there is none. */
  readonly setting: string | undefined;
}

/** Starts a time limit now. */
export function startDeadline(
  limit: number,
  elapsed: () => number,
  setting = '--timeout (VAULT_CLIENT_TIMEOUT)',
): Deadline {
  const end = elapsed() + limit;
  return { limit, remaining: () => Math.max(0, end - elapsed()), setting };
}

/** The same time limit, of which nothing is left from the moment that the run is cut short: nothing more is begun then. */
export function untilCutShort(deadline: Deadline, cutShort: Promise<never>): Deadline {
  let isOver = false;
  cutShort.catch(() => {
    isOver = true;
  });
  return { ...deadline, remaining: () => (isOver ? 0 : deadline.remaining()) };
}

/** A time limit of so many milliseconds from now, within another one. */
export function shortened(deadline: Deadline, limit: number): Deadline {
  const begun = deadline.remaining();
  const left = () => Math.max(0, limit - (begun - deadline.remaining()));
  const remaining = () => Math.min(left(), deadline.remaining());
  return { limit: Math.min(limit, begun), remaining, setting: undefined };
}
