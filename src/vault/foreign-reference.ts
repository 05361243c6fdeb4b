// References as other tools write them: an address with its path, the Vault CLI's flags, vault-action, vals. None of
// them is a REF. What REF they would be is told in a hint, and never taken for granted.

/** What is wrong with a text, and the REF that it would be; undefined where none can be made of it. */
export interface Foreign {
  readonly why: string;
  readonly better: string | undefined;
}

// A REF is a line: what is longer is no slip.
const LONGEST = 1000;
// What most references look like, and no other tool's does: for speed, as each pattern below is compiled when it is first used.
const PLAIN = /^(?!v1\/)\w[\w/-]*(?:#\w+)?$/;

/** Recognizes a reference of another tool. The REF that it gives is a text: whether it can be read is not judged. */
export function foreignReference(text: string): Foreign | undefined {
  if (text.length > LONGEST || PLAIN.test(text)) return undefined;
  return (
    fromQuotes(text) ??
    fromMapping(text) ??
    fromVals(text) ??
    fromUrl(text) ??
    fromApiPath(text) ??
    fromCli(text) ??
    fromAction(text) ??
    fromPlugin(text)
  );
}

function fromQuotes(text: string): Foreign | undefined {
  if (!/^["'`]|["'`]$/.test(text)) return undefined;
  return { why: 'it has quotes around it', better: text.replace(/^["'`]+|["'`]+$/g, '') };
}

// NAME=secret/nexus/ci#password: a MAPPING, as env and exec take it. A mount may be called a=b, and hardly A=b.
function fromMapping(text: string): Foreign | undefined {
  const better = /^[A-Z_][A-Z0-9_]*\*?=(.+)$/.exec(text)?.[1];
  return better === undefined ? undefined : { why: 'a name stands before it, as in a MAPPING', better };
}

// vault:secret/nexus/ci#password (bank-vaults, gopass), <path:secret/nexus/ci#password> (Argo CD's plugin).
function fromPlugin(text: string): Foreign | undefined {
  const better = /^vault:(?!\/\/)(.+)$/.exec(text)?.[1] ?? /^<path:(.+)>$/.exec(text)?.[1];
  return better === undefined ? undefined : { why: 'that is how another tool writes it', better };
}

// ref+vault://secret/nexus/ci?address=https://vault#/password: vals, helmfile.
function fromVals(text: string): Foreign | undefined {
  const [, rest = '', fragment = ''] = /^(?:secret)?ref\+vault:\/\/([^#]*)(#.*)?$/.exec(text) ?? [];
  if (rest === '') return undefined;
  const [path = '', query = ''] = rest.split('?', 2);
  const version = /(?:^|&)version=([0-9]+)/.exec(query)?.[1];
  const better = `${path}${version === undefined ? '' : `?version=${version}`}${fragment.replace(/\+$/, '')}`;
  return { why: 'that is how vals writes it: leave ref+vault:// off', better };
}

function fromUrl(text: string): Foreign | undefined {
  if (!/^https?:\/\//i.test(text)) return undefined;
  const better = fromApi(text) ?? fromPage(text);
  // What stands before an @ may be a password.
  const isShown = better?.includes('@') === false;
  return { why: 'leave the address off, VAULT_ADDR says it', better: isShown ? better : undefined };
}

function fromApi(text: string): string | undefined {
  return /^https?:\/\/[^/]*\/(?:[^#?]*\/)?v1\/(.+)$/i.exec(text)?.[1];
}

// A page of Vault's web interface: /ui/vault/secrets/MOUNT/show/PATH, or since 1.15 .../kv/PATH/details.
function fromPage(text: string): string | undefined {
  const page = /\/ui\/vault\/secrets\/([^/?#]+)\/(?:show|kv)\/([^?#]+?)(?:\/details)?(?:[?#].*)?$/.exec(text);
  const [, mount = '', path = ''] = page ?? [];
  if (page === null || !/^(?:[^%]|%[0-7][0-9a-f])*$/i.test(path)) return undefined;
  return `${mount}/${decodeURIComponent(path)}`;
}

function fromApiPath(text: string): Foreign | undefined {
  const better = /^\/?v1\/(.*)$/.exec(text)?.[1];
  // In GitLab's form, a secret's path may begin with it.
  if (better === undefined || (text.includes('@') && !text.includes('#'))) return undefined;
  return { why: 'leave v1/ off: a path begins with its mount', better };
}

// vault kv get -mount=secret -field=password nexus/ci: the command, or what stands behind it.
function fromCli(text: string): Foreign | undefined {
  const command = /^(?:vault (?:kv get|read) )?((?:--?[a-z]+=\S+ )*)(\S+)$/.exec(text);
  if (command === null || !text.includes(' ')) return undefined;
  const [, flags = '', path = ''] = command;
  const flag = (name: string) => new RegExp(`(?:^| )--?${name}=(\\S+)`).exec(flags)?.[1];
  const [mount, version, field] = [flag('mount'), flag('version'), flag('field')];
  const better = `${mount === undefined ? '' : `${mount}/`}${path}${version === undefined ? '' : `?version=${version}`}${field === undefined ? '' : `#${field}`}`;
  return { why: 'that is how the Vault CLI is called', better };
}

// secret/data/nexus/ci password | NEXUS_PASSWORD: GitHub's vault-action.
function fromAction(text: string): Foreign | undefined {
  const [, path, field] = /^(\S+\/\S+) (\S+) \| [A-Za-z_]\w*;?$/.exec(text) ?? [];
  if (path === undefined || field === undefined) return undefined;
  return { why: 'that is how vault-action writes it', better: `${path}#${field}` };
}

/**
 * The REF that a path was perhaps meant as: `secret/data/x:password`, `secret/data/x password` and `secret/metadata/x` are
 * paths, and may be there. For a hint, where nothing is.
 */
export function fieldMeant(path: readonly string[]): string | undefined {
  const [mount = '', kind, maybe, ...rest] = path;
  // KV v2 keeps what it knows of a secret there, and no value.
  if (kind === 'data' && maybe === 'metadata' && rest.length > 0) return [mount, 'data', ...rest].join('/');
  const [, name, field] = /^([^\s:]+)[: ]([^\s:]+)$/.exec(path.at(-1) ?? '') ?? [];
  return name === undefined || path.length < 2
    ? undefined
    : `${[...path.slice(0, -1), name].join('/')}#${field}`;
}
