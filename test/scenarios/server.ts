// A Vault to play scenarios on, whichever it is: the stand-in or a real server, started and empty.

import { createAuthority } from '../vault/authority.ts';
import { connect, type VaultClient } from '../vault/client.ts';
import { startVault } from '../vault/server.ts';

/** A Vault that is initialised and unsealed, and has nothing in it. */
export interface Server {
  /** For messages: `the stand-in`, `Vault 1.21.4`. */
  readonly described: string;
  /** `https://127.0.0.1:PORT` */
  readonly address: string;
  /** The certificate of its authority, PEM. */
  readonly ca: string;
  /** Sends a request with the root token. */
  readonly request: VaultClient['request'];
  /** For `sys/unseal`. */
  readonly unsealKey: string;
  /** The server's clock, in milliseconds since 1970. */
  readonly clock: () => number;
  /** Lets that clock go on: the stand-in's is moved, for a real one it takes as long. */
  readonly wait: (seconds: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts the stand-in, without its engine for leases where it stands beside a server that has none. */
export async function startStandIn(leases = true): Promise<Server> {
  let ahead = 0;
  const clock = () => Date.now() + ahead;
  const vault = await startVault({ clock, leases, authority: await createAuthority('Stand-in CA') });
  const ca = vault.authority.certificatePem;
  // As any caller: what is set up must not pass by what the scenarios test.
  const root = connect({ address: vault.address, token: vault.rootToken, ca });
  return {
    described: 'the stand-in',
    address: vault.address,
    ca,
    request: root.request,
    unsealKey: vault.unsealKey,
    clock,
    wait: async (seconds) => {
      ahead += seconds * 1000;
    },
    close: async () => {
      root.close();
      await vault.close();
    },
  };
}
