// What runs a recipe's job, in one Vault of its own: as it should be, refused by Vault, and with another file in civault's place.

import { type Job, startJob } from '../harness/job.ts';
import { markSecrets } from '../harness/leaks.ts';
import type { Case, Surroundings } from './cases.ts';
import { type Block, blocksOf, idTokensOf } from './documents.ts';
import { type Dojo, openDojo } from './dojo.ts';
import type { Image } from './image.ts';
import { type PipelineRun, runPipeline } from './pipeline.ts';
import { openShelf, type Shelf } from './shelf.ts';

/** What becomes of a run. */
export type Turn = 'given' | 'refused' | 'other file';

export interface Bench extends Surroundings {
  readonly job: Job;
  readonly shelf: Shelf;
  readonly run: (block: Block, job: string, wanted: Case, image: Image, turn: Turn) => Promise<PipelineRun>;
  readonly end: () => Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const job = await startJob();
  const shelf = await openShelf();
  const secret = (path: string, field: string): string => String(job.guide.secrets[path]?.[field]);
  const dojo: Dojo = await openDojo(secret('secret/data/defectdojo/svc-orchestrator', 'token'));
  const surroundings: Surroundings = { secret, dojo };

  return {
    ...surroundings,
    job,
    shelf,
    run: async (block, name, wanted, image, turn) => {
      const idTokens = await mint(job, block.text, turn);
      return runPipeline({
        yaml: withoutServices(block.text),
        job: name,
        image,
        schema: turn === 'given',
        programs: wanted.programs(surroundings),
        files: { ...wanted.files, ...templatesOf(block.file) },
        variables: {
          ...groupVariables(job, shelf),
          ...idTokens,
          ...wanted.variables?.(surroundings),
          ...(turn === 'other file' ? { CIVAULT_SHA256: '0'.repeat(64) } : {}),
        },
      });
    },
    end: async () => {
      await dojo.end();
      await shelf.end();
      await job.end();
    },
  };
}

/** What the group gives all of its jobs. */
export function groupVariables(job: Job, shelf: Shelf): Record<string, string> {
  const { VAULT_ID_TOKEN: _, ...variables } = job.env;
  return { ...variables, CIVAULT_URL: shelf.url, CIVAULT_SHA256: shelf.sha256 };
}

/** As GitLab does: an ID token for each that the document declares, for the audience that it names. */
export async function mint(job: Job, yaml: string, turn: Turn = 'given'): Promise<Record<string, string>> {
  const tokens = await Promise.all(
    Object.entries(idTokensOf(yaml)).map(async ([name, aud]): Promise<[string, string]> => {
      const audience = turn === 'refused' ? 'https://vault.example.com' : aud;
      return [name, await job.issuer.mint({ aud: audience })];
    }),
  );
  markSecrets(tokens.map(([, token]) => token));
  return Object.fromEntries(tokens);
}

/** Files of the project that a document shows: a block marked with a path. */
export function templatesOf(file: string): Record<string, string> {
  return Object.fromEntries(
    blocksOf(file).flatMap(({ mark, text }) => (mark?.includes('/') ? [[mark, text]] : [])),
  );
}

// gitlab-ci-local would start them in Docker, which these roots have none of.
function withoutServices(yaml: string): string {
  return yaml.replace(/^ {2}services:\n(?: {4}.*\n)+/gm, '');
}
