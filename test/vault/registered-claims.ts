// The kinds of the registered claims (RFC 7519, section 4.1), as Vault's libraries insist on them.

/** Throws an Error with their words for a claim that is of another kind than it should be. */
export function checkKinds(claims: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(claims)) {
    if (name === 'aud' && !isAudience(value)) {
      throw new Error('go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience');
    }
    if (value === null) continue;
    if (['exp', 'nbf', 'iat'].includes(name) && typeof value !== 'number') {
      throw new Error('go-jose/go-jose/jwt: expected number value to unmarshal NumericDate');
    }
    if (['iss', 'sub', 'jti'].includes(name) && typeof value !== 'string') {
      const field = `Go struct field Claims.${name} of type string`;
      throw new Error(`json: cannot unmarshal ${kindOf(value)} into ${field}`);
    }
  }
}

function isAudience(value: unknown): boolean {
  const texts = Array.isArray(value) ? value : [value];
  return texts.every((each) => typeof each === 'string');
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
