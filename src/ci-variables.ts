// Why a CI/CD variable of GitLab's does not reach a job, or reaches it with a `$OTHER` in it, and where it is set. In
// one place, so that every setting says it alike. An ID token is none of them: the job itself declares it (`id_tokens:`).

import { printable, quoted } from './errors.ts';
import type { Environment } from './io.ts';

/** Where a variable that all projects need is set. */
export const VARIABLES_PAGE = 'Settings → CI/CD → Variables of the group';

/** How to set a variable, or a flag of that name, to what it should be. */
export function howToSet(name: string, value: string): string {
  const assignment = `write ${name}=${printable(value)}`;
  return /^[A-Z]/.test(name) ? `${assignment} in ${VARIABLES_PAGE}` : assignment;
}

/**
 * Why GitLab may keep a variable from this job, each reason on a line of its own, to follow a hint: it is marked
 * "protected" and the job's ref is not, or it is for another environment.
 */
export function whyNotHere(environment: Environment): string {
  const ref = environment['CI_COMMIT_REF_NAME'] ?? '';
  const scope = environment['CI_ENVIRONMENT_NAME'] ?? '';
  const isUnprotected = environment['CI_COMMIT_REF_PROTECTED'] === 'false';
  return [
    isUnprotected
      ? `likely: this job's ref${ref === '' ? '' : ` ${quoted(ref)}`} is not protected, and a variable marked "protected" does not reach it`
      : '',
    `a variable with an environment scope reaches only jobs with that environment${scope === '' ? '' : `; this one's is ${quoted(scope)}`}`,
  ]
    .filter((line) => line !== '')
    .map((line) => `\n  ${line}`)
    .join('');
}

/**
 * What to do about a value that holds a variable which nobody filled in (`$OTHER`, `${OTHER}`): GitLab leaves it as it
 * is where that one is not defined for the job.
 * @param name the variable that holds the value, to tell one that names itself
 */
export function whyUnfilled(value: string, name: string, environment: Environment): string {
  const [, dollars = '', other = ''] = /(\$+)\{?([A-Za-z_][A-Za-z0-9_]{0,99})/.exec(value) ?? [];
  if (dollars.length > 1) return `write $${other} with one $: two keep GitLab from filling it in`;
  if (other === name) {
    return `leave ${name}: $${name} out of variables: in the YAML, it hides the one of the group${whyNotHere(environment)}`;
  }
  if (Object.hasOwn(environment, other) && environment[other] !== '') {
    return `${other} is set in this job: use double quotes in the script, not single ones; for a CI/CD variable, tick "Expand variable reference"`;
  }
  return `${other} is not defined in this job: set it in ${VARIABLES_PAGE}${whyNotHere(environment)}`;
}
