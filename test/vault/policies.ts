// The policies a Vault holds by name, the built-in ones among them.

import type { Entity } from './entities.ts';
import { type Acl, mergePolicies } from './policy.ts';
import { type PathRule, parsePolicy } from './policy-text.ts';
import { refusal } from './reply.ts';

// What every token may do unless its role says otherwise; `sys/internal/ui/mounts` is not in it and
// needs not be: that path asks for a token's access to the mount instead.
const defaultPolicy = `
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "sys/capabilities-self" { capabilities = ["update"] }
path "sys/internal/ui/resultant-acl" { capabilities = ["read"] }
path "sys/renew" { capabilities = ["update"] }
path "sys/leases/renew" { capabilities = ["update"] }
path "sys/leases/lookup" { capabilities = ["update"] }
path "cubbyhole/*" { capabilities = ["create", "read", "update", "delete", "list"] }
path "sys/wrapping/wrap" { capabilities = ["update"] }
path "sys/wrapping/lookup" { capabilities = ["update"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }
path "sys/tools/hash" { capabilities = ["update"] }
path "sys/tools/hash/*" { capabilities = ["update"] }
`;

const responseWrappingPolicy = `
path "cubbyhole/response" { capabilities = ["create", "read"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }
`;

export interface PolicyStore {
  set(name: string, text: string): void;
  get(name: string): string | undefined;
  delete(name: string): void;
  names(): string[];
  /** The rules that hold for someone with these policies. */
  aclOf(names: readonly string[], entity: Entity | undefined): Acl;
}

/** Makes a store with Vault's built-in policies. */
export function createPolicyStore(): PolicyStore {
  const texts = new Map([
    ['default', defaultPolicy],
    ['response-wrapping', responseWrappingPolicy],
  ]);

  return {
    set(name, text) {
      if (name === 'root' || name === 'response-wrapping')
        throw refusal(400, `cannot update "${name}" policy`);
      parsePolicy(text);
      texts.set(name.toLowerCase(), text);
    },
    get: (name) => (name.toLowerCase() === 'root' ? '' : texts.get(name.toLowerCase())),
    delete(name) {
      if (name === 'root' || name === 'default') throw refusal(400, `cannot delete "${name}" policy`);
      texts.delete(name.toLowerCase());
    },
    names: () => [...texts.keys(), 'root'].filter((name) => name !== 'response-wrapping').sort(),
    aclOf(names, entity) {
      const policies = names.map((name) => filledIn(parsePolicy(texts.get(name) ?? ''), entity));
      return mergePolicies(policies, names.includes('root'));
    },
  };
}

// A rule whose template names something the caller's entity lacks does not hold at all.
function filledIn(rules: readonly PathRule[], entity: Entity | undefined): PathRule[] {
  return rules.flatMap((rule) => {
    let complete = true;
    const path = rule.path.replace(/\{\{\s*(.*?)\s*\}\}/g, (_, name: string) => {
      const value = templateValue(name, entity);
      complete &&= value !== undefined;
      return value ?? '';
    });
    return complete ? [{ ...rule, path }] : [];
  });
}

function templateValue(name: string, entity: Entity | undefined): string | undefined {
  if (name === 'identity.entity.id') return entity?.id;
  if (name === 'identity.entity.name') return entity?.name;
  const [, accessor, rest] = /^identity\.entity\.aliases\.([^.]+)\.(.+)$/.exec(name) ?? [];
  if (accessor === undefined || rest === undefined || entity?.mountAccessor !== accessor) return undefined;
  if (rest === 'name') return entity.aliasName;
  return rest.startsWith('metadata.') ? entity.metadata[rest.slice('metadata.'.length)] : undefined;
}
