// Certificates made by OpenSSL's own tools, for extensions that no sane authority writes.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity } from '../vault/authority.ts';
import { leaveNothing } from './leftovers.ts';

/** Lines of a section of extensions (x509v3_config(5)). */
export type Extensions = readonly string[];

export interface Maker {
  /** The root, which signs itself. */
  readonly root: Identity;
  /** Makes a certificate, by the root unless said. */
  readonly issue: (
    subject: string,
    extensions: Extensions,
    by?: Identity,
    key?: readonly string[],
  ) => Identity;
  readonly file: (name: string) => string;
  readonly remove: () => void;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
/** What makes an authority of a certificate. */
export const CA: Extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];

export function createMaker(): Maker {
  const folder = mkdtempSync(join(tmpdir(), 'civault-made-'));
  const file = (name: string) => join(folder, name);
  let count = 0;
  const make = (
    subject: string,
    extensions: Extensions,
    by: Identity | undefined,
    key: readonly string[],
  ) => {
    count += 1;
    const at = (name: string) => file(`${count}-${name}`);
    writeFileSync(
      at('conf'),
      `[req]\ndistinguished_name=dn\nx509_extensions=ext\n[dn]\n[ext]\n${extensions.join('\n')}\n`,
    );
    const signer: string[] = [];
    if (by !== undefined) {
      writeFileSync(at('by.pem'), by.certificatePem);
      writeFileSync(at('by.key'), by.keyPem);
      signer.push('-CA', at('by.pem'), '-CAkey', at('by.key'));
    }
    const args = [
      'req',
      '-x509',
      '-config',
      at('conf'),
      '-subj',
      subject,
      '-days',
      '2',
      '-nodes',
      '-sha256',
      ...key,
    ];
    execFileSync('openssl', [...args, '-keyout', at('key'), '-out', at('pem'), ...signer], { stdio: 'pipe' });
    return { certificatePem: readFileSync(at('pem'), 'utf8'), keyPem: readFileSync(at('key'), 'utf8') };
  };
  const root = make('/CN=Made Root', CA, undefined, CURVE);
  return {
    root,
    issue: (subject, extensions, by = root, key = CURVE) => make(subject, extensions, by, key),
    file,
    remove: leaveNothing(() => rmSync(folder, { recursive: true, force: true })),
  };
}
