// The provenance that GitLab's runner writes about a job's artifacts: an in-toto statement with SLSA's predicate
// (docs.gitlab.com, "Configuring runners", artifact provenance metadata). It is published only if it is about these files.

import { BuildError } from './say.ts';

interface Statement {
  readonly _type?: unknown;
  readonly predicateType?: unknown;
  readonly subject?: readonly { readonly name?: unknown; readonly digest?: { readonly sha256?: unknown } }[];
}

/**
 * Holds a statement to the files of a release.
 * @param sums their SHA-256 by name
 * @throws {BuildError} when it is no such statement, or does not name one of them with that SHA-256
 */
export function expectProvenance(text: string, sums: ReadonlyMap<string, string>): void {
  let statement: Statement | null;
  try {
    statement = JSON.parse(text);
  } catch {
    throw new BuildError("the runner's provenance is not JSON");
  }
  const { _type: type, predicateType, subject } = statement ?? {};
  const isStatement = /^https:\/\/in-toto\.io\/Statement\/v\d/.test(String(type));
  if (!isStatement || !/^https:\/\/slsa\.dev\/provenance\/v\d/.test(String(predicateType)))
    throw new BuildError("the runner's provenance is no in-toto statement of SLSA provenance");
  const subjects = Array.isArray(subject) ? subject : [];
  for (const [name, sha256] of sums) {
    const digests = subjects
      .filter((one) => String(one.name).replace(/^.*\//, '') === name)
      .map(({ digest }) => digest?.sha256);
    if (digests.length === 0) throw new BuildError(`the runner's provenance does not name ${name}`);
    if (digests.some((digest) => digest !== sha256))
      throw new BuildError(`the runner's provenance is of another ${name}: its SHA-256 differs`);
  }
}
