// What runs a job that extends a component: Vault, and a GitLab with civault in a package registry and another project's release.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { makeRelease } from '../gitlab/releases.ts';
import { contentOf } from '../gitlab/server.ts';
import { createProject } from '../gitlab/state.ts';
import { CIVAULT } from '../harness/busybox-root.ts';
import { JOB_TOKEN, type ReleaseJob, startReleaseJob } from '../harness/release.ts';
import { type Bench, groupVariables, mint, openBench, type Turn } from './bench.ts';
import { readText } from './documents.ts';
import { ALPINE, type Image } from './image.ts';
import { type PipelineRun, runPipeline } from './pipeline.ts';
import { interpolate, NAMES } from './templates.ts';
import { tool } from './tools.ts';

/** A run, and what is not as usual in it. */
export interface Play {
  readonly yaml: string;
  readonly job: string;
  readonly image?: Image;
  readonly programs?: Record<string, string>;
  readonly variables?: Record<string, string>;
  readonly files?: Record<string, string>;
  readonly turn?: Turn;
  readonly from?: ReleaseJob;
}

export interface ComponentBench extends Bench {
  /** Plain HTTP: BusyBox's own TLS, as Debian has it, cannot speak with OpenSSL's. */
  readonly plain: ReleaseJob;
  readonly byTls: ReleaseJob;
  /** Runs a job, from the plain one unless said. */
  readonly play: (play: Play) => Promise<PipelineRun>;
}

export async function openComponentBench(): Promise<ComponentBench> {
  const bench = await openBench();
  const [plain, byTls] = await Promise.all([startReleaseJob({ tls: false }), startReleaseJob()]);
  for (const { project } of [plain, byTls]) {
    project.packages.set('civault/0.1.0/civault-linux-amd64', contentOf(readFileSync(CIVAULT)));
  }
  makeTool(plain);
  // Kept until the next, so that a test can look into it: each holds a whole civault.
  let last: PipelineRun | undefined;
  const idTokens = JSON.stringify(interpolate('secrets', { mapping: 'A=b' }));
  const templates = NAMES.map((name) => [
    `platform/civault/0.1.0/templates/${name}.yml`,
    readText(`templates/${name}.yml`),
  ]);

  return {
    ...bench,
    plain,
    byTls,
    play: async ({ yaml, job, image = ALPINE, turn = 'given', from = plain, ...rest }) => {
      from.gitlab.requests.length = 0;
      last?.remove();
      last = await runPipeline({
        yaml,
        job,
        image,
        programs: rest.programs ?? {},
        files: { 'ca.pem': from.gitlab.authority.certificatePem, ...rest.files },
        includes: Object.fromEntries(templates),
        variables: {
          ...groupVariables(bench.job, bench.shelf),
          ...(await mint(bench.job, idTokens, turn)),
          ...from.env,
          CI_SERVER_TLS_CA_FILE: '/builds/orchestrator/app/ca.pem',
          CURL_CA_BUNDLE: '/builds/orchestrator/app/ca.pem',
          ...rest.variables,
        },
      });
      assert.deepEqual(last.leaked, []);
      assert.ok(!last.log.includes(JOB_TOKEN), last.log);
      return last;
    },
    end: async () => {
      last?.remove();
      await plain.gitlab.close();
      await byTls.gitlab.close();
      await bench.end();
    },
  };
}

// The release of a project that lets the job's project in.
function makeTool({ gitlab }: ReleaseJob): void {
  const project = createProject(gitlab.state, 'platform/tool');
  project.members.set('anna', 20);
  project.allowlist.add('platform/civault');
  const name = 'tool-linux-amd64';
  project.packages.set(`tool/2.0.0/${name}`, contentOf(tool([], 'echo tool 2.0.0')));
  const url = `${gitlab.origin}/api/v4/projects/${project.id}/packages/generic/tool/2.0.0/${name}`;
  makeRelease(project, 'v2.0.0', Date.now(), [{ name, url, filepath: `/bin/${name}` }]);
}
