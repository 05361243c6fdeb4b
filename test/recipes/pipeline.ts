// Runs a job of a .gitlab-ci.yml by gitlab-ci-local, in the root of an image. gitlab-ci-local runs jobs in a program named bash
// that it finds on PATH: here that is a wrapper which enters the root and starts the image's own shell.

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommand } from '../harness/command.ts';
import { holdsSecret } from '../harness/leaks.ts';
import { leaveNothing } from '../harness/leftovers.ts';
import { type Image, makeRoot } from './image.ts';

const GITLAB_CI_LOCAL = createRequire(import.meta.url).resolve('gitlab-ci-local/dist/index.js');
const PROJECT = '/builds/orchestrator/app';
const REMOTE = 'https://gitlab.shared.cwiq.io/orchestrator/app.git';

export interface PipelineOptions {
  /** The .gitlab-ci.yml. */
  readonly yaml: string;
  readonly job: string;
  readonly image: Image;
  /** The group's variables, and what GitLab mints. */
  readonly variables: Readonly<Record<string, string>>;
  /** By their path in the image. */
  readonly programs?: Readonly<Record<string, string>>;
  /** By their path in the project, committed. */
  readonly files?: Readonly<Record<string, string>>;
  /** What gitlab-ci-local would download, by project and version: `platform/civault/1.0.0/templates/x.yml`. */
  readonly includes?: Readonly<Record<string, string>>;
  /** Whether to hold the .gitlab-ci.yml against GitLab's schema, which takes as long as all the rest; it is, unless said. */
  readonly schema?: boolean;
}

export interface PipelineRun {
  /** Whether gitlab-ci-local says that the job passed. */
  readonly passed: boolean;
  /** All that was printed. */
  readonly log: string;
  /** What the job printed, without gitlab-ci-local's own lines. */
  readonly jobLog: string;
  /** The programs that were called, with their arguments. */
  readonly calls: readonly string[];
  /** A copy that a program made of a file. */
  readonly seen: (name: string) => string;
  /** Files of the checkout with a secret in them. */
  readonly leaked: readonly string[];
  readonly exists: (path: string) => boolean;
  readonly remove: () => void;
}

/** Runs it. The caller removes what it gives. */
export async function runPipeline(options: PipelineOptions): Promise<PipelineRun> {
  const { image } = options;
  const root = makeRoot(image, options.programs ?? {});
  const home = mkdtempSync(join(tmpdir(), 'civault-runner-'));
  const putAway = leaveNothing(() => rmSync(home, { recursive: true, force: true }));
  const remove = (): void => {
    putAway();
    root.remove();
  };
  try {
    writeFileSync(join(home, 'bash'), wrapper(root.path, image), { mode: 0o755 });
    const project = join(root.path, PROJECT);
    makeProject(project, options);
    const variables = Object.entries(options.variables).flatMap(([name, value]) => [
      '--variable',
      `${name}=${value}`,
    ]);
    const schema = `--${options.schema === false ? 'no-' : ''}json-schema-validation`;
    const { status, stdout, stderr } = await runCommand(
      process.execPath,
      [GITLAB_CI_LOCAL, '--force-shell-executor', '--no-color', schema, ...variables, options.job],
      {
        cwd: project,
        env: {
          PATH: `${home}:${process.env['PATH']}`,
          HOME: home,
          // A stand-in for GitLab has its own.
          GCL_IGNORE_PREDEFINED_VARS: 'CI_API_V4_URL,CI_PROJECT_ID',
        },
        limit: 120_000,
      },
    );
    const calls = join(root.path, 'seen/calls');
    const log = `${stdout}${stderr}`;
    const jobLog = join(project, '.gitlab-ci-local/output', `${options.job}.log`);
    return {
      passed: status === 0,
      log,
      jobLog: existsSync(jobLog) ? readFileSync(jobLog, 'utf8') : log,
      calls: existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [],
      seen: (name) => readFileSync(join(root.path, 'seen', name), 'utf8'),
      leaked: filesWithSecrets(project),
      exists: (path) => existsSync(join(root.path, path)),
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}

// Only `bash -c bash` is a job, and the name of its script comes on standard input; with other arguments gitlab-ci-local copies
// files. The script has no first line that names a shell, which BusyBox would look for in /proc: so it is named here.
function wrapper(root: string, image: Image): string {
  const env = Object.entries({ CI_PROJECT_DIR: PROJECT, CI_BUILDS_DIR: '/builds', ...image.env });
  const assignments = env.map(([name, value]) => `${name}='${value}'`).join(' ');
  const who = image.user === undefined ? '' : `--userspec=${image.user} `;
  const shell = image.base === 'glibc' ? 'bash' : 'sh';
  return `#!/bin/sh
[ "$1 $2" = "-c bash" ] || exec /bin/bash "$@"
chroot=$(command -v chroot || echo /usr/sbin/chroot)
exec env ${assignments} "$chroot" ${who}${root} /bin/sh -c 'cd ${PROJECT} && script=$(cat) && exec ${shell} "$script"'
`;
}

function makeProject(project: string, { yaml, files = {}, includes = {} }: PipelineOptions): void {
  const put = (path: string, text: string): void => {
    const file = join(project, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  for (const [path, text] of Object.entries({ ...files, '.gitlab-ci.yml': yaml })) put(path, text);
  const git = (...args: string[]) => execFileSync('git', args, { cwd: project, stdio: 'pipe' });
  git('init', '-q', '-b', 'main');
  git('remote', 'add', 'origin', REMOTE);
  git('config', 'user.name', 'jdoe');
  git('config', 'user.email', 'jdoe@example.com');
  git('add', '.');
  git('commit', '-qm', 'Initial commit');
  for (const [path, text] of Object.entries(includes)) {
    put(join('.gitlab-ci-local/includes/gitlab.shared.cwiq.io', path), text);
  }
  // As GitLab's helper leaves a checkout: any user of the image may write to it.
  execFileSync('chmod', ['-R', 'a+rwX', project]);
  chmodSync(dirname(project), 0o777);
}

function filesWithSecrets(project: string): string[] {
  const all = execFileSync('find', [project, '-type', 'f', '-not', '-path', '*/.git/*'], {
    encoding: 'utf8',
  });
  return all
    .trim()
    .split('\n')
    .filter((file) => holdsSecret(readFileSync(file, 'latin1')) || holdsSecret(readFileSync(file, 'utf8')));
}
