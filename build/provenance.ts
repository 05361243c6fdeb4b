// The provenance that GitLab's runner writes about a job's artifacts: an in-toto statement with SLSA's predicate
// (docs.gitlab.com, "Configuring runners", artifact provenance metadata). It is published only if it is about these files.

import { BuildError } from './say.ts';

/** Where the files come from, as the pipeline knows it. */
export interface Origin {
  /** CI_PROJECT_URL. */
  readonly project: string;
  /** CI_COMMIT_SHA. */
  readonly commit: string;
}

interface Statement {
  readonly predicate?: Predicate | null;
  readonly _type?: unknown;
  readonly predicateType?: unknown;
  readonly subject?: readonly { readonly name?: unknown; readonly digest?: { readonly sha256?: unknown } }[];
}

/** A project, and a commit: the runner writes its SHA-1 as `sha256`. */
interface Source {
  readonly uri?: unknown;
  readonly digest?: object;
}

/** What SLSA's versions 0.2 and 1 have of the source, as the runner's PROVENANCE.md has it. */
interface Predicate {
  readonly invocation?: { readonly configSource?: Source };
  readonly materials?: unknown;
  readonly buildDefinition?: {
    readonly externalParameters?: { readonly source?: unknown };
    readonly resolvedDependencies?: unknown;
  };
}

/**
 * Holds a statement to the files of a release, and to the project and the commit as far as it has them.
 * @param sums their SHA-256 by name
 * @throws {BuildError} when it is no such statement, does not name one of them with that SHA-256, or is of another source
 */
export function expectProvenance(text: string, sums: ReadonlyMap<string, string>, origin: Origin): void {
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
  expectOrigin(statement?.predicate ?? {}, origin);
}

function expectOrigin(predicate: Predicate, { project, commit }: Origin): void {
  const { invocation, materials, buildDefinition } = predicate;
  const source: Source = { uri: buildDefinition?.externalParameters?.source };
  const built = [invocation?.configSource ?? {}, source];
  const from = [materials, buildDefinition?.resolvedDependencies].flatMap((list): Source[] =>
    Array.isArray(list) ? list : [],
  );
  for (const { uri } of built) {
    if (uri !== undefined && plain(uri) !== plain(project))
      throw new BuildError(`the runner's provenance is of another project: ${uri}, not ${project}`);
  }
  // A dependency may be something else, such as an image; the project's own is the commit that was built.
  const own = from.filter(({ uri }) => plain(uri) === plain(project));
  if (from.length > 0 && own.length === 0)
    throw new BuildError(`the runner's provenance is of another project: it does not name ${project}`);
  for (const digest of [...built, ...own].flatMap((one) => Object.values(one.digest ?? {}))) {
    if (digest !== commit)
      throw new BuildError(`the runner's provenance is of another commit: ${digest}, not ${commit}`);
  }
}

// The runner names the repository, with or without its ending.
function plain(uri: unknown): string {
  return String(uri)
    .replace(/^git\+/, '')
    .replace(/(\.git)?\/?$/, '');
}
