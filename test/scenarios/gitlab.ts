// A GitLab's public keys as it serves them: OIDC discovery and `/oauth/discovery/keys`, over TLS.

import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '../vault/authority.ts';
import { audience } from '../vault/guide.ts';
import { createIssuer, type Issuer } from '../vault/id-token.ts';

export interface GitLab {
  /** Issues ID tokens under this GitLab's address. */
  readonly issuer: Issuer;
  readonly keysUrl: string;
  /** The certificate of its authority, PEM. */
  readonly ca: string;
  /** Puts it out of reach, or back again, at the same address. */
  readonly reach: (reachable: boolean) => void;
  readonly close: () => Promise<void>;
}

/** Starts one. */
export async function startGitLab(): Promise<GitLab> {
  const authority = await createAuthority('GitLab CA');
  const { certificatePem: cert, keyPem: key } = await authority.issue({ names: ['127.0.0.1'] });
  let documents: Readonly<Record<string, unknown>> = {};
  let reachable = true;
  const server = https.createServer({ cert, key }, (request, response) => {
    if (!reachable) {
      request.socket.destroy();
      return;
    }
    const found = documents[request.url ?? ''];
    response.writeHead(found === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(found ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = await createIssuer(url, audience);
  const keysUrl = `${url}/oauth/discovery/keys`;
  documents = {
    '/oauth/discovery/keys': issuer.jwks,
    '/.well-known/openid-configuration': {
      issuer: url,
      authorization_endpoint: `${url}/oauth/authorize`,
      token_endpoint: `${url}/oauth/token`,
      jwks_uri: keysUrl,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    },
  };
  return {
    issuer,
    keysUrl,
    ca: authority.certificatePem,
    reach: (now) => {
      reachable = now;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
