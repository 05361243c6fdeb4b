// What a token may do: the policies it holds, weighed as Vault weighs them (the most specific rule
// decides, not the first).

import type { Capability, PathRule } from './policy-text.ts';
import type { Operation } from './request.ts';

/** The rules of all of a token's policies, merged path by path. */
export interface Acl {
  readonly root: boolean;
  readonly exact: ReadonlyMap<string, Grant>;
  /** Keyed by what stands before the `*`. */
  readonly prefixes: ReadonlyMap<string, Grant>;
  /** Rules with a `+` segment, keyed as written. */
  readonly wildcards: ReadonlyMap<string, Grant>;
}

type Grant = Omit<PathRule, 'path'>;

/** Merges policies: capabilities add up, a deny ends it, of two limits the smaller holds. */
export function mergePolicies(policies: readonly (readonly PathRule[])[], root: boolean): Acl {
  const acl = {
    root,
    exact: new Map<string, Grant>(),
    prefixes: new Map<string, Grant>(),
    wildcards: new Map<string, Grant>(),
  };
  for (const rule of policies.flat()) {
    const [table, key] = placeOf(acl, rule.path);
    const present = table.get(key);
    table.set(key, present ? merged(present, rule) : rule);
  }
  return acl;
}

function placeOf(
  acl: { exact: Map<string, Grant>; prefixes: Map<string, Grant>; wildcards: Map<string, Grant> },
  path: string,
): [Map<string, Grant>, string] {
  if (path === '+' || path.includes('/+') || path.startsWith('+/')) return [acl.wildcards, path];
  if (path.endsWith('*')) return [acl.prefixes, path.slice(0, -1)];
  return [acl.exact, path];
}

function merged(one: Grant, other: Grant): Grant {
  const denied = one.capabilities.has('deny') || other.capabilities.has('deny');
  const smaller = (a: number, b: number) => (a === 0 || b === 0 ? a + b : Math.min(a, b));
  return {
    capabilities: new Set<Capability>(denied ? ['deny'] : [...one.capabilities, ...other.capabilities]),
    minWrappingTtl: smaller(one.minWrappingTtl, other.minWrappingTtl),
    maxWrappingTtl: smaller(one.maxWrappingTtl, other.maxWrappingTtl),
  };
}

/** Whether the operation is allowed. A wrapping limit refuses every request that asks for no wrapping. */
export function permits(
  acl: Acl,
  path: string,
  operation: Operation,
  wrapTtl: number,
  sudo = false,
): boolean {
  if (acl.root) return true;
  const grant = grantFor(acl, path, operation === 'list');
  if (!grant?.capabilities.has(operation)) return false;
  if (sudo && !grant.capabilities.has('sudo')) return false;
  if (grant.maxWrappingTtl > 0 && (wrapTtl === 0 || wrapTtl > grant.maxWrappingTtl)) return false;
  return grant.minWrappingTtl === 0 || wrapTtl >= grant.minWrappingTtl;
}

/** The capabilities on a path, as `sys/capabilities-self` names them. */
export function capabilitiesOn(acl: Acl, path: string): string[] {
  if (acl.root) return ['root'];
  const held = [...(grantFor(acl, path, true)?.capabilities ?? [])];
  return held.length === 0 || held.includes('deny') ? ['deny'] : held.sort();
}

/** Whether anything below a mount is allowed: what `sys/internal/ui/mounts` asks before it answers. */
export function reachesMount(acl: Acl, mountPath: string): boolean {
  if (!capabilitiesOn(acl, mountPath).includes('deny')) return true;
  const granting = ({ capabilities }: Grant) => capabilities.size > 0 && !capabilities.has('deny');
  for (const [path, grant] of [...acl.exact, ...acl.prefixes]) {
    if (path.startsWith(mountPath) && granting(grant)) return true;
  }
  for (const [path, grant] of acl.wildcards) {
    if (couldBeBelow(path, mountPath) && granting(grant)) return true;
  }
  return false;
}

function couldBeBelow(pattern: string, mountPath: string): boolean {
  const segments = pattern.split('/');
  return mountPath
    .slice(0, -1)
    .split('/')
    .every((part, index) => segments[index] === '+' || segments[index] === part);
}

function grantFor(acl: Acl, path: string, listing: boolean): Grant | undefined {
  const bare = path.endsWith('/') ? path.slice(0, -1) : path;
  const exact = acl.exact.get(path) ?? (listing ? acl.exact.get(bare) : undefined);
  if (exact) return exact;
  return (listing && bare !== path ? inexactGrant(acl, bare) : undefined) ?? inexactGrant(acl, path);
}

interface Candidate {
  readonly firstWildcard: number;
  readonly isPrefix: boolean;
  readonly wildcardCount: number;
  readonly text: string;
  readonly grant: Grant;
}

function inexactGrant(acl: Acl, path: string): Grant | undefined {
  const candidates: Candidate[] = [];
  for (const [prefix, grant] of acl.prefixes) {
    if (!path.startsWith(prefix)) continue;
    candidates.push({ firstWildcard: prefix.length, isPrefix: true, wildcardCount: 0, text: prefix, grant });
  }
  for (const [pattern, grant] of acl.wildcards) {
    const isPrefix = pattern.endsWith('*');
    const text = isPrefix ? pattern.slice(0, -1) : pattern;
    if (!segmentsMatch(text.split('/'), path.split('/'), isPrefix)) continue;
    const wildcardCount = text.split('/').filter((segment) => segment === '+').length;
    candidates.push({ firstWildcard: pattern.indexOf('+'), isPrefix, wildcardCount, text, grant });
  }
  return candidates.sort(bySpecificity).at(-1)?.grant;
}

function segmentsMatch(pattern: readonly string[], path: readonly string[], isPrefix: boolean): boolean {
  if (isPrefix ? path.length < pattern.length : path.length !== pattern.length) return false;
  return pattern.every((segment, index) => {
    const part = path[index] ?? '';
    if (segment === '+' || segment === part) return true;
    return isPrefix && index === pattern.length - 1 && part.startsWith(segment);
  });
}

// The order of Vault's documentation: the later the first wildcard the better, no `*` at the end,
// fewer `+`, longer, and then the alphabet.
function bySpecificity(a: Candidate, b: Candidate): number {
  return (
    a.firstWildcard - b.firstWildcard ||
    Number(b.isPrefix) - Number(a.isPrefix) ||
    b.wildcardCount - a.wildcardCount ||
    a.text.length - b.text.length ||
    (a.text < b.text ? -1 : 1)
  );
}
