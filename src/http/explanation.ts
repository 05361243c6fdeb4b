// What the explanations of failed connections have in common: what they are given, what they give, how they list.

import type { X509Certificate } from 'node:crypto';
import { type Endpoint, serviceName } from './address.ts';
import type { Phase } from './progress.ts';

/** Which failure it is, what happened, and what to do. */
export type Explanation = readonly [
  code: 'UNAVAILABLE' | 'TLS_UNTRUSTED' | 'BAD_RESPONSE',
  what: string,
  hint?: string,
];

/** What is known of a certificate that was refused. */
export interface CertificateDetails {
  /** What the server showed, its own first; empty where that could not be looked at. */
  readonly chain: readonly X509Certificate[];
  /** Whose certificates are trusted: `VAULT_CACERT ("/ca.pem")`. */
  readonly trusted: string;
  /** This machine's clock, in milliseconds since 1970. */
  readonly now: number;
}

/** What is known beside the error itself. */
export interface Circumstances {
  /** What was waited for. */
  readonly phase?: Phase | undefined;
  /** The variable that names the proxy whose tunnel leads there. */
  readonly through?: string | undefined;
  /** The variable that names the proxy, where the proxy itself is who failed. */
  readonly proxy?: string | undefined;
  /** The name that the server was asked for, where it is not the host. */
  readonly serverName?: string | undefined;
  /** Whether the client shows a certificate of its own. */
  readonly showsCertificate?: boolean | undefined;
  readonly certificates?: CertificateDetails | undefined;
}

/** A failure to be explained. */
export interface Failure extends Circumstances {
  readonly endpoint: Endpoint;
  readonly error: unknown;
  /** The system's or OpenSSL's name of it; empty where there is none. */
  readonly own: string;
  /** What hints call the address that was connected to. */
  readonly address: string;
}

/** The hint where nothing better is known. */
export function checkAddress({ address }: Failure): string {
  return `check ${address}, and that this runner may reach it`;
}

/** Whether the settings of TLS that are for Vault alone count: its server name, a client certificate. */
export function isVaults({ endpoint }: Failure): boolean {
  return serviceName(endpoint) === 'Vault';
}

/** The setting that names a CA, and how it is given one. */
export function caSetting(failure: Failure): { readonly name: string; readonly given: string } {
  const name = isVaults(failure) ? 'VAULT_CACERT' : '--ca-file';
  return { name, given: isVaults(failure) ? `${name}=` : `${name} ` };
}

/** Words as a list: `a, b and c`; of many, the first so many. */
export function listed(all: readonly string[], atMost = 4): string {
  const shown = all.length > atMost ? [...all.slice(0, atMost), `${all.length - atMost} more`] : all;
  return shown.length === 1 ? `${shown[0]}` : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
