// make recipes: runs each job of docs/recipes in a root like its image's, as it should be and refused by Vault, and shows its log.

import { openBench } from './bench.ts';
import { CASES } from './cases.ts';
import { blocksOf, documents, jobsOf } from './documents.ts';
import { whyNoImages } from './image.ts';

const TURNS = [
  ['given', 'Vault gives the secret'],
  ['refused', 'Vault refuses: the ID token is for another audience'],
] as const;

async function main(): Promise<void> {
  const why = whyNoImages();
  if (why !== undefined) throw new Error(`the recipes cannot be run here: ${why}`);
  const bench = await openBench();
  let wrong = 0;
  try {
    for (const file of documents()) {
      for (const block of blocksOf(file).filter(({ language, mark }) => language === 'yaml' && !mark)) {
        for (const job of Object.keys(jobsOf(block.text))) {
          const wanted = CASES[file]?.[job];
          if (wanted === undefined) continue;
          for (const image of wanted.images) {
            for (const [turn, what] of TURNS) {
              const run = await bench.run(block, job, wanted, image, turn);
              const ended = run.passed ? 'passed' : 'failed';
              if (run.passed !== (turn === 'given')) wrong += 1;
              console.log(`\n=== ${file}, ${job}, in ${image.named}\n=== ${what}: the job ${ended}`);
              console.log(run.jobLog.trimEnd().replace(/^/gm, '  '));
              run.remove();
            }
          }
        }
      }
    }
  } finally {
    await bench.end();
  }
  if (wrong > 0) throw new Error(`${wrong} jobs ended otherwise than they should`);
}

try {
  await main();
} catch (error) {
  console.error(`recipes: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
