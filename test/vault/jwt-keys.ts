// Where a jwt mount has its public keys from: its configuration, a JWKS URL, or OIDC discovery; and
// what it says when a signature fits none of them, or the issuer cannot be reached.

import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { compactVerify } from 'jose';
import { type Fields, listField, textField } from './fields.ts';
import { parseJson, toPlain } from './json-text.ts';
import { refusal } from './reply.ts';

/** A token whose signature is good, not yet looked into. */
export interface Verified {
  readonly algorithm: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Verifies a signature; throws an Error with Vault's reason. */
export type Verify = (jwt: string) => Promise<Verified>;

/** The key settings of `auth/MOUNT/config`: exactly one source. */
export interface KeySettings {
  readonly pems: readonly string[];
  readonly jwksUrl: string;
  readonly discoveryUrl: string;
  readonly ca: string;
}

/** Reads the key settings of a write to `config`. */
export function parseKeySettings(fields: Fields): KeySettings {
  const settings = {
    pems: listField(fields, 'jwt_validation_pubkeys'),
    jwksUrl: textField(fields, 'jwks_url'),
    discoveryUrl: textField(fields, 'oidc_discovery_url'),
    ca: textField(fields, 'jwks_ca_pem') || textField(fields, 'oidc_discovery_ca_pem'),
  };
  const given = [settings.pems.length > 0, settings.jwksUrl !== '', settings.discoveryUrl !== ''];
  if (given.filter((each) => each).length !== 1) {
    const sources = "'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs' or 'oidc_discovery_url'";
    throw refusal(400, `exactly one of ${sources} must be set`);
  }
  settings.pems.forEach(parsePem);
  return settings;
}

/** Asks the issuer once, as Vault does when it is configured, so that a wrong URL is refused there. */
export async function checkKeySettings(settings: KeySettings): Promise<void> {
  if (settings.discoveryUrl !== '') {
    await discover(settings).catch(() => {
      throw refusal(400, 'error checking oidc discovery URL');
    });
  }
  if (settings.jwksUrl !== '') {
    await fetchKeys(settings.jwksUrl, settings.ca).catch(() => {
      throw refusal(400, `error checking jwks URL ${settings.jwksUrl}`);
    });
  }
}

/** Makes the verifier. Discovery is asked again here, as Vault does at the first login. */
export async function createVerify(settings: KeySettings): Promise<Verify> {
  if (settings.pems.length > 0) return verifyWith(settings.pems.map(parsePem));
  if (settings.jwksUrl !== '') return verifyRemotely(settings.jwksUrl, settings.ca);
  try {
    return verifyRemotely(await discover(settings), settings.ca);
  } catch (reason) {
    throw refusal(
      400,
      `error configuring token validator: keyset configuration error: ${(reason as Error).message}`,
    );
  }
}

function verifyWith(keys: readonly KeyObject[]): Verify {
  return async (jwt) => {
    algorithmOf(jwt);
    const verified = await firstThatFits(jwt, keys);
    if (!verified) throw new Error('no known key successfully validated the token signature');
    return verified;
  };
}

function verifyRemotely(url: string, ca: string): Verify {
  let cached: readonly KeyObject[] = [];
  return async (jwt) => {
    checkRemotely(jwt);
    const known = await firstThatFits(jwt, cached);
    if (known) return known;
    // A key it does not know may be a new one.
    cached = await fetchKeys(url, ca).catch((reason: Error) => {
      throw new Error(`fetching keys oidc: get keys failed ${reason.message}`);
    });
    const verified = await firstThatFits(jwt, cached);
    if (!verified) throw new Error('failed to verify id token signature');
    return verified;
  };
}

// Whoever fetches keys looks at the algorithm first, whatever the mount allows later.
function checkRemotely(jwt: string): void {
  let algorithm: string;
  try {
    algorithm = algorithmOf(jwt);
  } catch (reason) {
    throw new Error(`oidc: malformed jwt: ${(reason as Error).message}`);
  }
  if (asymmetric.includes(algorithm)) return;
  const expected = asymmetric.map((name) => `"${name}"`).join(' ');
  throw new Error(
    `oidc: malformed jwt: unexpected signature algorithm "${algorithm}"; expected [${expected}]`,
  );
}

const asymmetric = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'EdDSA'];

function algorithmOf(jwt: string): string {
  const parts = jwt.split('.');
  if (parts.length !== 3) throw new Error('go-jose/go-jose: compact JWS format must have three parts');
  const header = toPlain(parseJson(Buffer.from(parts[0] ?? '', 'base64url').toString())) as { alg?: unknown };
  return String(header.alg);
}

async function firstThatFits(jwt: string, keys: readonly KeyObject[]): Promise<Verified | undefined> {
  for (const key of keys) {
    try {
      const { payload, protectedHeader } = await compactVerify(jwt, key);
      return { algorithm: protectedHeader.alg, claims: JSON.parse(new TextDecoder().decode(payload)) };
    } catch {
      // Another key may fit.
    }
  }
  return undefined;
}

function parsePem(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch {
    throw refusal(400, 'error parsing public key: data does not contain any valid public keys');
  }
}

async function discover(settings: KeySettings): Promise<string> {
  const wellKnown = `${settings.discoveryUrl.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { issuer, jwks_uri } = (await fetchJson(wellKnown, settings.ca)) as {
    issuer: string;
    jwks_uri: string;
  };
  if (issuer !== settings.discoveryUrl) {
    const both = `expected "${settings.discoveryUrl}" got "${issuer}"`;
    throw new Error(`issuer did not match the returned issuer, ${both}`);
  }
  return jwks_uri;
}

async function fetchKeys(url: string, ca: string): Promise<KeyObject[]> {
  const { keys } = (await fetchJson(url, ca)) as { keys: JsonWebKey[] };
  return keys.map((key) => createPublicKey({ key, format: 'jwk' }));
}

function fetchJson(url: string, ca: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      // Go's words for a peer that hangs up.
      const text = error.code === 'ECONNRESET' ? 'EOF' : error.message;
      reject(new Error(`Get "${url}": ${text}`));
    };
    const options = { agent: false as const, ...(ca === '' ? {} : { ca }) };
    const request = (url.startsWith('https:') ? https : http).get(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('error', fail);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode !== 200) return reject(new Error(`${response.statusCode} ${text}`));
        try {
          resolve(JSON.parse(text));
        } catch (error) {
          fail(error as Error);
        }
      });
    });
    request.on('error', fail);
  });
}
