// civault download ASSET...: files of a GitLab release, or of a generic package, checked and resumable.

import { readDestination } from '../download/destination.ts';
import { readDigest } from '../download/expectation.ts';
import { downloadAll } from '../download/files.ts';
import { type Plan, packagePlan, readPackage, releasePlan } from '../download/plan.ts';
import { AppError } from '../errors.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { openApi } from '../gitlab/api.ts';
import { gitlabRedirects } from '../gitlab/redirect.ts';
import { LATEST } from '../gitlab/releases.ts';
import { createClient } from '../http/client.ts';
import { startDeadline } from '../http/deadline.ts';
import type { HttpHead } from '../http/request.ts';
import { parseRetryAfter } from '../http/retry.ts';
import { prepareTrust } from '../http/trust.ts';
import { orCutShort } from '../io.ts';
import type { CommandLine } from '../options.ts';
import { readGitlab } from '../settings-gitlab.ts';
import type { Command } from './command.ts';

// Milliseconds that a server may ask to be left alone for.
const LONGEST_WAIT = 300_000;

export const download: Command = {
  grammar: { server: 'GitLab', values: ['tag', 'output', 'sha256', 'package'], switches: ['executable'] },
  run: async (line, { environment, io }) => {
    const plan = readPlan(line);
    const settings = readGitlab(line.flags, environment);
    const destination = readDestination(line.own['output']);
    for (const warning of settings.warnings) io.writeMessage(`warning: ${warning}`);
    const deadline = startDeadline(settings.timeout, io.elapsed, '--timeout');
    const retry = {
      retries: settings.retries,
      random: io.random,
      now: io.now,
      tell: io.writeMessage,
      // No time limit ends the wait here.
      isFinal: ({ headers }: HttpHead) => parseRetryAfter(headers['retry-after'], io.now()) > LONGEST_WAIT,
    };
    const { endpoint, proxy, token } = settings;
    const trust = prepareTrust(settings.trust, io);
    const redirects = gitlabRedirects(endpoint);
    io.mark('settings');
    const client = createClient({ endpoint, proxy, trust, retry, deadline, redirects, mark: io.mark });
    try {
      const api = openApi(client, endpoint, token);
      const files = await orCutShort(plan(api, settings.project, destination), io);
      io.mark('release');
      const isExecutable = line.switches.has('executable');
      await downloadAll(files, { api, patience: { retry, deadline }, isExecutable, io });
      io.mark('download');
    } finally {
      client.close();
    }
    return EXIT_OK;
  },
};

/**
 * Settles what is wanted, as far as the command line says it.
 * @throws {AppError} USAGE
 */
function readPlan({ positionals, own }: CommandLine): Plan {
  const named = own['package'];
  const given = readDigest(own['sha256']);
  if (named === undefined) {
    if (positionals.length === 0) {
      const hint = 'name a link of the release, or --package NAME/VERSION/FILE; see: civault download --help';
      throw new AppError('USAGE', 'download needs an ASSET', hint);
    }
    return releasePlan(positionals, own['tag'] ?? LATEST, given);
  }
  if (positionals.length > 0 || own['tag'] !== undefined) {
    const what = own['tag'] === undefined ? 'ASSET' : '--tag';
    throw new AppError(
      'USAGE',
      `--package and ${what} do not go together`,
      own['tag'] === undefined ? 'run it once for each' : 'a package is of no release: leave --tag out',
    );
  }
  return packagePlan(readPackage(named), given);
}
