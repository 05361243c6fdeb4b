// An issuer of ID tokens with GitLab's claims, as a job gets them from `id_tokens:`.

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose';

/** Claims to set or replace; undefined takes one away. */
export type ClaimOverrides = Readonly<Record<string, unknown>>;

export interface MintOptions {
  /** A key of the issuer's own (default), or one that no verifier knows. */
  readonly key?: 'own' | 'foreign';
  /** RS256 unless said; HS256 is signed with the public key as its secret, the classic confusion. */
  readonly algorithm?: 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'HS256';
  /** When the job started, in seconds since 1970; now unless said. */
  readonly issuedAt?: number;
  /** The job's time-out in seconds; an hour unless said. */
  readonly lifetime?: number;
  /** A token whose hour was yesterday. */
  readonly expired?: boolean;
}

export interface Issuer {
  readonly issuer: string;
  readonly publicKeyPem: string;
  readonly jwks: { readonly keys: readonly JWK[] };
  /** Signs a token for the job described by GitLab's claims and the overrides. */
  mint(claims?: ClaimOverrides, options?: MintOptions): Promise<string>;
}

/** Makes an issuer with a fresh RSA key; its tokens are for `audience`, which is itself unless said. */
export async function createIssuer(url: string, audience = url): Promise<Issuer> {
  const own = await generateKeyPair('RS256', { extractable: true });
  const publicKeyPem = await exportSPKI(own.publicKey);
  const jwk = await exportJWK(own.publicKey);
  const kid = createHash('sha256').update(publicKeyPem).digest('base64url');
  // Made once and only when asked for: an RSA key takes a tenth of a second.
  let foreign: Promise<{ privateKey: CryptoKey }> | undefined;

  const signingKey = async (options: MintOptions): Promise<CryptoKey | Uint8Array> => {
    const algorithm = options.algorithm ?? 'RS256';
    if (algorithm === 'HS256') return new TextEncoder().encode(publicKeyPem);
    if (options.key === 'foreign') {
      foreign ??= generateKeyPair('RS256', { extractable: true });
      return (await foreign).privateKey;
    }
    if (algorithm === 'RS256') return own.privateKey;
    // Web keys are tied to one algorithm: the same key again, for another.
    const pkcs8 = await crypto.subtle.exportKey('pkcs8', own.privateKey);
    const name = algorithm.startsWith('PS') ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5';
    const hash = `SHA-${algorithm.slice(2)}`;
    return crypto.subtle.importKey('pkcs8', pkcs8, { name, hash }, false, ['sign']);
  };

  const mint = async (claims: ClaimOverrides = {}, options: MintOptions = {}): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    const issuedAt = options.issuedAt ?? (options.expired ? now - 86_400 : now);
    const payload = {
      ...gitlabClaims(url, issuedAt, options.lifetime ?? 3600),
      aud: audience,
      ...derived(claims),
      ...claims,
    };
    const present = Object.entries(payload).filter(([, value]) => value !== undefined);
    return new SignJWT(Object.fromEntries(present))
      .setProtectedHeader({ kid, typ: 'JWT', alg: options.algorithm ?? 'RS256' })
      .sign(await signingKey(options));
  };

  return {
    issuer: url,
    publicKeyPem,
    jwks: { keys: [{ ...jwk, kid, use: 'sig', alg: 'RS256' }] },
    mint,
  };
}

/** The subject names project and ref: it follows an overridden `project_path`, `ref_type` or `ref`. */
function derived(claims: ClaimOverrides): ClaimOverrides {
  const project = claims['project_path'] ?? defaultProject;
  const type = claims['ref_type'] ?? 'branch';
  const ref = claims['ref'] ?? 'main';
  const heads = type === 'tag' ? 'tags' : 'heads';
  return {
    sub: `project_path:${project}:ref_type:${type}:ref:${ref}`,
    ref_path: `refs/${heads}/${ref}`,
  };
}

const defaultProject = 'orchestrator/orchestrator-api';

function gitlabClaims(url: string, issuedAt: number, lifetime: number): Record<string, unknown> {
  const host = url.replace(/^https?:\/\//, '');
  const sha = randomBytes(20).toString('hex');
  return {
    namespace_id: '9',
    namespace_path: 'orchestrator',
    project_id: '42',
    project_path: defaultProject,
    user_id: '17',
    user_login: 'jdoe',
    user_email: 'jdoe@example.com',
    user_access_level: 'developer',
    pipeline_id: '1001',
    pipeline_source: 'push',
    job_id: '5005',
    ref: 'main',
    ref_type: 'branch',
    ref_path: 'refs/heads/main',
    ref_protected: 'true', // a string, and GitLab means it
    runner_id: 3,
    runner_environment: 'self-hosted',
    sha,
    project_visibility: 'private',
    ci_config_ref_uri: `${host}/${defaultProject}//.gitlab-ci.yml@refs/heads/main`,
    ci_config_sha: sha,
    jti: randomUUID(),
    iss: url,
    iat: issuedAt,
    nbf: issuedAt - 5,
    exp: issuedAt + lifetime,
  };
}
