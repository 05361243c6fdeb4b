// Where a job's script runs: in a root with BusyBox and civault alone, or, where no root can be made, on this machine.

import { dirname } from 'node:path';
import { CIVAULT, makeBusyboxRoot, whyNoRoot } from './busybox-root.ts';
import { type CommandOptions, type Outcome, runCommand } from './command.ts';

/** `user` is `UID:GID`, who the script is run as where there is a root. */
export type PlaceOptions = CommandOptions & { readonly user?: string };

/** A place for scripts, with civault on its PATH. */
export interface Place {
  readonly described: string;
  /** Undefined where it is this machine. */
  readonly root: string | undefined;
  /** Runs a script in ash, or in this machine's sh, with no variables but PATH and those given. */
  readonly run: (script: string, options?: PlaceOptions) => Promise<Outcome>;
  readonly remove: () => void;
}

/** The best place that this user can have. */
export function makePlace(): Place {
  const why = whyNoRoot();
  if (why === undefined) {
    const { path, run, remove } = makeBusyboxRoot();
    return { described: 'a root folder with BusyBox and civault, and nothing else', root: path, run, remove };
  }
  const PATH = `${dirname(CIVAULT)}:/usr/bin:/bin`;
  return {
    described: `this machine, without a root of its own: ${why}`,
    root: undefined,
    run: (script, options = {}) =>
      runCommand('/bin/sh', ['-c', script], { ...options, env: { ...options.env, PATH } }),
    remove: () => undefined,
  };
}
