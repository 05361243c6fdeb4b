// civault doctor [REF...]: every step from the address to each secret, and what is wrong with it.

import { isatty } from 'node:tty';
import { examine } from '../doctor/examine.ts';
import { reportJson, stepText, summaryText } from '../doctor/report.ts';
import type { Step } from '../doctor/step.ts';
import { AppError, quoted } from '../errors.ts';
import { EXIT_OK, exitStatusOf } from '../exit-codes.ts';
import { type Environment, hearSignals } from '../io.ts';
import { parseReference } from '../vault/reference.ts';
import type { Command } from './command.ts';
import { parseMappings } from './variables.ts';

const STDOUT = 1;

// The secrets of the CI guide: tried where no other is named.
const GUIDE_PATHS = [
  'secret/data/nexus/svc-orchestrator',
  'secret/data/nexus/svc-executor',
  'secret/data/sonarqube/svc-orchestrator',
  'secret/data/defectdojo/svc-orchestrator',
  'secret/data/orchestrator/e2e-test-user',
  'secret/data/reportportal/svc-orchestrator',
];

export const doctor: Command = {
  grammar: { values: ['format'] },
  run: async ({ positionals, flags, own }, context) => {
    const format = readFormat(own['format']);
    const references =
      positionals.length > 0
        ? parseMappings(positionals, 'doctor').map(({ reference }) => reference)
        : GUIDE_PATHS.map(parseReference);
    const { io, environment } = context;
    const isColoured = format === 'text' && showsColour(environment, isatty(STDOUT));
    const steps: Step[] = [];
    await examine(references, flags, context, (step) => {
      steps.push(step);
      // Told as it comes: who waits for what hangs shall see what it is.
      if (format === 'text') io.writeOutput(stepText(step, isColoured));
    });
    await hearSignals(io);
    const failed = steps.find(({ code }) => code !== undefined);
    const status = failed?.code === undefined ? EXIT_OK : exitStatusOf(failed.code);
    io.writeOutput(format === 'json' ? reportJson(steps, status) : summaryText(steps));
    return status;
  },
};

function readFormat(text = 'text'): 'text' | 'json' {
  if (text === 'text' || text === 'json') return text;
  throw new AppError(
    'USAGE',
    `--format is ${quoted(text)}: there are text and json`,
    'see: civault doctor --help',
  );
}

/** Whether colours show: at a terminal, and in GitLab's job log, which is none; never where NO_COLOR is set (no-color.org). */
export function showsColour(environment: Environment, isTerminal: boolean): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  return environment['GITLAB_CI'] === 'true' || (isTerminal && environment['TERM'] !== 'dumb');
}
