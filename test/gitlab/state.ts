// What the stand-in for GitLab remembers: projects, who may do what in them, tokens, packages and releases.

/** A file, by its bytes; or, for one too large to be kept, by a block that is repeated. */
export interface Content {
  readonly size: number;
  readonly sha256: string;
  /** The bytes from `from` to before `to`. */
  readonly slice: (from: number, to: number) => Buffer;
}

export type Visibility = 'public' | 'private';

export interface Link {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  /** With its slash; undefined for a link without a direct asset path. */
  readonly filepath: string | undefined;
  readonly linkType: string;
}

export interface Release {
  readonly tag: string;
  readonly released: number;
  readonly links: readonly Link[];
}

export interface Project {
  readonly id: number;
  readonly path: string;
  visibility: Visibility;
  /** Users by their role's number: 10 is Guest, 20 Reporter, 30 Developer. */
  readonly members: Map<string, number>;
  /** Paths of the projects whose job tokens are let in (Settings → CI/CD → Job token permissions). */
  readonly allowlist: Set<string>;
  /** Files by `NAME/VERSION/FILE`. */
  readonly packages: Map<string, Content>;
  readonly releases: Map<string, Release>;
  /** Whether files are fetched from object storage, or served by GitLab itself. */
  storage: 'object' | 'own';
}

/** Whom a token stands for. */
export type Identity =
  | { readonly kind: 'job'; readonly user: string; readonly project: Project; isRunning: boolean }
  | { readonly kind: 'user'; readonly user: string; readonly scopes: readonly string[]; isExpired: boolean }
  | { readonly kind: 'deploy'; readonly project: Project };

export interface State {
  readonly projects: Project[];
  /** By the token, as its header has it. */
  readonly jobTokens: Map<string, Identity>;
  readonly privateTokens: Map<string, Identity>;
  readonly deployTokens: Map<string, Identity>;
}

/** A project that nobody but its members sees, unless it is public. */
export function createProject(state: State, path: string, visibility: Visibility = 'private'): Project {
  const project: Project = {
    id: 100 + state.projects.length,
    path,
    visibility,
    members: new Map(),
    allowlist: new Set([path]),
    packages: new Map(),
    releases: new Map(),
    storage: 'object',
  };
  state.projects.push(project);
  return project;
}
