// Values that are hard to mask, and what a masker makes of a text that holds them.

import { maskForms } from '../../src/output/mask-forms.ts';
import { createMasker, type Masker } from '../../src/output/masker.ts';

const maskers = new Map<string, Masker>();
/** Has everything that is known of some values masked in an output. */
export function masked(values: readonly string[], output: Buffer | string): string {
  const masker = maskers.get(values.join()) ?? createMasker(maskForms(values));
  maskers.set(values.join(), masker);
  return Buffer.concat([...masker.push(Buffer.from(output)), ...masker.end()]).toString();
}

const ODD = `p@ss "w0rd" it's''<a&b>/\\$x\`~+ü€😀=%41!#{}[]*?;|,^:`;
const CONTROL = `tab\there\nit's "two" lines\\ü\x07\x1b\x7f/<b>`;
export const PLAIN = 'xK9-v_2.Qw7zLm40';
export const KEY = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEA+/0\n'.repeat(6)}Lz8=\n-----END PRIVATE KEY-----\n`;
/** The first five are odd in their own ways, each at once. */
export const VALUES = [
  ODD,
  CONTROL,
  `'quoted'`,
  KEY,
  '~user:~x',
  PLAIN,
  `  spaces at both ends\t`,
  '#start',
  'äöüß',
  'ab\u2028<c>&',
];
