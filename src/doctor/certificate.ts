// The doctor's step for the server's certificate: for which name, by which CA, until when, and who trusts it.

import type { X509Certificate } from 'node:crypto';
import { printable } from '../errors.ts';
import { isoTime } from '../gitlab/claims.ts';
import type { Endpoint } from '../http/address.ts';
import { issuerOf } from '../http/certificate.ts';
import type { Trust } from '../http/trust.ts';
import { duration } from '../times.ts';
import { ok, type Step, skip } from './step.ts';

/** What is known of a certificate that was accepted. */
export interface Accepted {
  readonly endpoint: Endpoint;
  readonly trust: Trust;
  readonly serverName: string | undefined;
  readonly certificate: X509Certificate | undefined;
  readonly now: number;
}

/** Tells of a certificate. */
export function certificateStep({ endpoint, trust, serverName, certificate, now }: Accepted): Step {
  if (endpoint.scheme !== 'https') {
    return skip(
      'certificate',
      endpoint.scheme === 'unix' ? 'a socket has none' : 'http has none: tokens go in plain text',
    );
  }
  const isChecked = trust.options.rejectUnauthorized;
  if (certificate === undefined) return ok('certificate', 'it is trusted');
  const name = printable(serverName ?? endpoint.host);
  const issuer = issuerOf(certificate);
  const end = Date.parse(certificate.validTo);
  const until = isoTime(end)?.slice(0, 10) ?? 'an odd date';
  const left = Number.isNaN(end) ? '' : ` (${duration(end - now)})`;
  const facts = {
    name,
    issuer: issuer.replaceAll('"', ''),
    valid_until: isoTime(end),
    trusted_by: isChecked ? trust.source : 'VAULT_SKIP_VERIFY',
  };
  if (!isChecked) {
    const state = end < now ? `expired on ${until}` : `good until ${until}`;
    return {
      ...ok('certificate', `not checked (VAULT_SKIP_VERIFY): by ${issuer}, ${state}`, { facts }),
      result: 'skip',
    };
  }
  return ok('certificate', `for ${name}, by ${issuer}, until ${until}${left}; trusted by ${trust.source}`, {
    facts,
  });
}
