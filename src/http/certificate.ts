// A certificate in words: its names, its issuer.

import type { X509Certificate } from 'node:crypto';
import { printable, quoted } from '../errors.ts';

/** The names and addresses in a subjectAltName as Node writes it: `DNS:a.test, IP Address:10.0.0.1`. */
export function namesIn(alternatives: string | undefined): string[] {
  return [...(alternatives ?? '').matchAll(/(?:^|, )(?:DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(
    ([, name = '']) => printable(name, 80),
  );
}

/** The certificates that lead from a server's own to its CA, of those that it sent: some send others as well. */
export function issuingChain(sent: readonly X509Certificate[]): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (const next of sent) {
    if (chain.at(-1)?.checkIssued(next) === false) break;
    chain.push(next);
  }
  return chain;
}

/** Whose certificate it is, as `"vault.test"` or `"Some CA" of "Some Organisation"`. */
export function subjectOf({ subject }: X509Certificate): string {
  return distinguished(subject);
}

/** Who issued it, in the same way. */
export function issuerOf({ issuer }: X509Certificate): string {
  return distinguished(issuer);
}

// Node writes a name as lines: `O=…`, `CN=…`. An empty one is undefined, whatever its type says.
function distinguished(name: string | undefined): string {
  const part = (key: string) => new RegExp(`^${key}=(.+)$`, 'm').exec(name ?? '')?.[1];
  const [common, organisation] = [part('CN') ?? part('OU'), part('O')];
  if (common === undefined) return organisation === undefined ? 'one without a name' : short(organisation);
  return organisation === undefined ? short(common) : `${short(common)} of ${short(organisation)}`;
}

function short(text: string): string {
  return quoted(text.slice(0, 80));
}
