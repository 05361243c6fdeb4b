// Base64, read strictly: a text is either exactly what an encoder wrote, or an error that says where it is not.

import { AppError } from '../errors.ts';

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const URL_SAFE = `${STANDARD.slice(0, 62)}-_`;
const SPACE = ' \t\r\n';

/**
 * Decodes the standard or the URL-safe alphabet (RFC 4648, sections 4 and 5). White space may stand anywhere. Padding is
 * right where there is any; only a text that could be of the URL-safe alphabet may do without.
 * @param what what the text is, for the message
 * @throws {AppError} CONFIG, with the position (the first character is 1) and nothing of the text
 */
export function decodeBase64(text: string, what: string): Uint8Array {
  let digits = '';
  let padding = 0;
  let special = '';
  // Where the last digit stands.
  let last = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (SPACE.includes(character)) continue;
    const here = `character ${at + 1}`;
    if (character === '=') {
      padding += 1;
      if (padding > paddingFor(digits)) throw invalid(what, `${here} is padding out of place`);
      continue;
    }
    const isStandard = STANDARD.includes(character);
    if (!isStandard && !URL_SAFE.includes(character))
      throw invalid(what, `${here} belongs to no base64 alphabet`);
    if (padding > 0) throw invalid(what, `${here} stands behind the padding`);
    if ('+/-_'.includes(character)) {
      const alphabet = isStandard ? STANDARD : URL_SAFE;
      if (special !== '' && special !== alphabet)
        throw invalid(what, `${here} is of the other base64 alphabet than those before it`);
      special = alphabet;
    }
    digits += character;
    last = at + 1;
  }
  const isPadded = padding === paddingFor(digits);
  if (digits.length % 4 === 1 || (!isPadded && (padding > 0 || special === STANDARD))) {
    throw invalid(what, `it is cut short behind character ${last}`);
  }
  const alphabet = special === URL_SAFE ? URL_SAFE : STANDARD;
  // Each = stands for two bits that the last digit has too many.
  if (alphabet.indexOf(digits.slice(-1)) % 4 ** paddingFor(digits) !== 0) {
    throw invalid(what, `character ${last} has bits set that encode nothing`);
  }
  return Buffer.from(digits, 'base64');
}

function paddingFor(digits: string): number {
  return [0, 0, 2, 1][digits.length % 4] ?? 0;
}

function invalid(what: string, why: string): AppError {
  return new AppError(
    'CONFIG',
    `${what} is not base64: ${why}`,
    'to get it as Vault has it, leave --base64-decode off',
  );
}
