// A project with a release on a stand-in for GitLab, and the variables of a job that downloads from it.

import { createHash } from 'node:crypto';
import { makeRelease } from '../gitlab/releases.ts';
import { contentOf, type GitlabStandIn, startGitlab } from '../gitlab/server.ts';
import { createProject, type Identity, type Project } from '../gitlab/state.ts';
import type { ListenOptions } from '../vault/listener.ts';
import { markSecrets } from './leaks.ts';

/** The job's token, which no output and no other server may get. */
export const JOB_TOKEN = 'glcbt-64_markedJobTokenOfTests';

export interface ReleaseJob {
  readonly gitlab: GitlabStandIn;
  /** The project that has the release; the job is one of its own. */
  readonly project: Project;
  readonly job: Identity & { kind: 'job' };
  readonly env: Readonly<Record<string, string>>;
  /** The file of each asset, by its name. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** The address of a package's file, as a link has it. */
  readonly urlOf: (file: string) => string;
  /** Makes a release of those files, newer than the last, with SHA256SUMS unless said. */
  readonly release: (tag: string, files: Readonly<Record<string, Buffer | string>>, sums?: boolean) => void;
}

const NAME = 'civault';

/** Starts one, with the release v1.2.3 in it. */
export async function startReleaseJob(options: ListenOptions = {}): Promise<ReleaseJob> {
  markSecrets([JOB_TOKEN]);
  const gitlab = await startGitlab(options);
  const project = createProject(gitlab.state, 'platform/civault');
  project.members.set('anna', 20);
  const job = { kind: 'job', user: 'anna', project, isRunning: true } satisfies Identity;
  gitlab.state.jobTokens.set(JOB_TOKEN, job);
  const files = new Map<string, Buffer>();
  const urlOf = (file: string, version = '1.2.3') =>
    `${gitlab.origin}/api/v4/projects/${project.id}/packages/generic/${NAME}/${encodeURIComponent(version)}/${encodeURIComponent(file)}`;
  let released = Date.parse('2026-11-01T00:00:00Z');

  const release: ReleaseJob['release'] = (tag, given, sums = true) => {
    const version = tag.replace(/^v/, '');
    const all = Object.entries(given).map(([name, bytes]) => [name, Buffer.from(bytes as string)] as const);
    if (sums) {
      const lines = all.map(
        ([name, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`,
      );
      all.push(['SHA256SUMS', Buffer.from(lines.join(''))]);
    }
    for (const [name, bytes] of all) {
      files.set(name, bytes);
      project.packages.set(`${NAME}/${version}/${name}`, contentOf(bytes));
    }
    released += 1000;
    const links = all.map(([name]) => ({ name, url: urlOf(name, version), filepath: `/bin/${name}` }));
    makeRelease(project, tag, released, links);
  };
  release('v1.2.3', {
    'civault-linux-amd64': pseudoRandom(300_000, 1),
    'civault-linux-arm64': pseudoRandom(200_000, 2),
    'notes.txt': 'what is new\n',
  });
  return {
    gitlab,
    project,
    job,
    files,
    urlOf,
    release,
    env: {
      CI_API_V4_URL: `${gitlab.origin}/api/v4`,
      CI_PROJECT_ID: String(project.id),
      CI_JOB_TOKEN: JOB_TOKEN,
    },
  };
}

/** Bytes that no compression makes smaller, the same for the same seed. */
export function pseudoRandom(size: number, seed: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at * 32 < size; at += 1)
    pieces.push(createHash('sha256').update(`${seed} ${at}`).digest());
  return Buffer.concat(pieces).subarray(0, size);
}
