// The configuration and the roles of a jwt auth mount, with the mistakes Vault refuses in them.

import { type Fields, flagField, listField, mapField, secondsField, textField } from './fields.ts';
import { type KeySettings, parseKeySettings } from './jwt-keys.ts';
import { refusal } from './reply.ts';

export interface JwtConfig {
  readonly keySettings: KeySettings;
  readonly boundIssuer: string;
  readonly defaultRole: string;
  readonly algorithms: readonly string[];
}

export interface JwtRole {
  /** All that was written to it so far: a later write changes only what it names. */
  readonly written: Fields;
  readonly name: string;
  readonly type: 'jwt' | 'oidc';
  readonly userClaim: string;
  readonly userClaimJsonPointer: boolean;
  readonly boundAudiences: readonly string[];
  readonly boundSubject: string;
  readonly boundClaims: Readonly<Record<string, unknown>>;
  readonly boundClaimsType: 'string' | 'glob';
  readonly claimMappings: Readonly<Record<string, string>>;
  readonly groupsClaim: string;
  /** Seconds; 0 is Vault's default, -1 is none. */
  readonly expirationLeeway: number;
  readonly notBeforeLeeway: number;
  readonly clockSkewLeeway: number;
  readonly policies: readonly string[];
  readonly noDefaultPolicy: boolean;
  readonly ttl: number;
  readonly maxTtl: number;
  readonly explicitMaxTtl: number;
  readonly period: number;
  readonly numUses: number;
  /** `default` is `service`; `default-batch` is `batch`. */
  readonly tokenType: string;
  readonly boundCidrs: readonly string[];
  /** For logins in a browser, which are not done here. */
  readonly redirectUris: readonly string[];
}

/** Reads the body of a write to `config`. */
export function parseConfig(fields: Fields): JwtConfig {
  return {
    keySettings: parseKeySettings(fields),
    boundIssuer: textField(fields, 'bound_issuer'),
    defaultRole: textField(fields, 'default_role').toLowerCase(),
    algorithms: listField(fields, 'jwt_supported_algs'),
  };
}

/** The configuration as Vault shows it. */
export function describeConfig(config: JwtConfig): Record<string, unknown> {
  return {
    bound_issuer: config.boundIssuer,
    default_role: config.defaultRole,
    jwks_url: config.keySettings.jwksUrl,
    jwt_supported_algs: config.algorithms,
    jwt_validation_pubkeys: config.keySettings.pems,
    oidc_discovery_url: config.keySettings.discoveryUrl,
  };
}

/** Reads the body of a write to `role/NAME`, which may exist already. */
export function parseRole(name: string, body: Fields, previous: JwtRole | undefined): JwtRole {
  // The two kinds are not remembered: left out, they are `oidc` and `string` again.
  const { role_type, bound_claims_type, ...kept } = previous?.written ?? {};
  const fields = { ...kept, ...underNewNames(body) };
  const type = textField(fields, 'role_type') || 'oidc';
  if (type !== 'jwt' && type !== 'oidc') throw refusal(400, `invalid 'role_type': ${type}`);
  const boundClaimsType = textField(fields, 'bound_claims_type') || 'string';
  if (boundClaimsType !== 'string' && boundClaimsType !== 'glob') {
    throw refusal(400, `invalid 'bound_claims_type': ${boundClaimsType}`);
  }
  const role: JwtRole = {
    written: fields,
    name,
    type,
    userClaim: textField(fields, 'user_claim'),
    userClaimJsonPointer: flagField(fields, 'user_claim_json_pointer'),
    boundAudiences: listField(fields, 'bound_audiences'),
    boundSubject: textField(fields, 'bound_subject'),
    boundClaims: mapField(fields, 'bound_claims'),
    boundClaimsType,
    claimMappings: mapField(fields, 'claim_mappings') as Record<string, string>,
    groupsClaim: textField(fields, 'groups_claim'),
    expirationLeeway: secondsField(fields, 'expiration_leeway'),
    notBeforeLeeway: secondsField(fields, 'not_before_leeway'),
    clockSkewLeeway: secondsField(fields, 'clock_skew_leeway'),
    policies: listField(fields, 'token_policies'),
    noDefaultPolicy: flagField(fields, 'token_no_default_policy'),
    ttl: secondsField(fields, 'token_ttl'),
    maxTtl: secondsField(fields, 'token_max_ttl'),
    explicitMaxTtl: secondsField(fields, 'token_explicit_max_ttl'),
    period: secondsField(fields, 'token_period'),
    numUses: secondsField(fields, 'token_num_uses'),
    tokenType: textField(fields, 'token_type') || 'default',
    boundCidrs: listField(fields, 'token_bound_cidrs'),
    redirectUris: listField(fields, 'allowed_redirect_uris'),
  };
  refuseMistakes(role);
  return role;
}

// What these were called before every auth method shared them.
const oldNames = ['policies', 'ttl', 'max_ttl', 'period', 'num_uses', 'bound_cidrs'];

// Both names are kept: Vault shows the old one again where it was used.
function underNewNames(body: Fields): Fields {
  const renamed = oldNames.filter((name) => name in body && !(`token_${name}` in body));
  return { ...Object.fromEntries(renamed.map((name) => [`token_${name}`, body[name]])), ...body };
}

function refuseMistakes(role: JwtRole): void {
  if (/batch$/.test(role.tokenType) && role.numUses > 0) {
    const limited = 'when set to generate tokens with limited use count';
    throw refusal(400, `'token_type' cannot be 'batch' or 'default_batch' ${limited}`);
  }
  if (/batch$/.test(role.tokenType) && role.period > 0) {
    throw refusal(
      400,
      "'token_type' cannot be 'batch' or 'default_batch' when set to generate periodic tokens",
    );
  }
  if (role.maxTtl > 0 && role.ttl > role.maxTtl) {
    throw refusal(400, "'token_ttl' cannot be greater than 'token_max_ttl'");
  }
  if (Object.values(role.claimMappings).includes('role')) {
    throw refusal(400, 'metadata key "role" is reserved and may not be a mapping destination');
  }
  if (role.userClaim === '') throw refusal(400, 'a user claim must be defined on the role');
  if (role.type === 'oidc' && role.redirectUris.length === 0) {
    throw refusal(400, "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified.");
  }
  const bounds = [role.boundAudiences, role.boundCidrs, Object.keys(role.boundClaims)];
  if (role.type === 'jwt' && role.boundSubject === '' && bounds.every((each) => each.length === 0)) {
    throw refusal(400, 'must have at least one bound constraint when creating/updating a role');
  }
}

/** A role as Vault shows it. */
export function describeRole(role: JwtRole): Record<string, unknown> {
  const described: Record<string, unknown> = {
    role_type: role.type,
    user_claim: role.userClaim,
    user_claim_json_pointer: role.userClaimJsonPointer,
    groups_claim: role.groupsClaim,
    bound_audiences: role.boundAudiences,
    bound_subject: role.boundSubject,
    allowed_redirect_uris: role.redirectUris.length > 0 ? role.redirectUris : null,
    oidc_scopes: null,
    verbose_oidc_logging: false,
    max_age: 0,
    bound_claims: 'bound_claims' in role.written ? role.boundClaims : null,
    bound_claims_type: role.boundClaimsType,
    claim_mappings: 'claim_mappings' in role.written ? role.claimMappings : null,
    expiration_leeway: role.expirationLeeway,
    not_before_leeway: role.notBeforeLeeway,
    clock_skew_leeway: role.clockSkewLeeway,
    token_policies: role.policies,
    token_no_default_policy: role.noDefaultPolicy,
    token_ttl: role.ttl,
    token_max_ttl: role.maxTtl,
    token_explicit_max_ttl: role.explicitMaxTtl,
    token_period: role.period,
    token_num_uses: role.numUses,
    token_type: role.tokenType,
    token_bound_cidrs: role.boundCidrs,
  };
  const asOfOld = oldNames.filter((name) => name in role.written);
  return { ...described, ...Object.fromEntries(asOfOld.map((name) => [name, described[`token_${name}`]])) };
}
