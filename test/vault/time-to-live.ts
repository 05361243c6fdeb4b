// How long a token or a lease is given, and what Vault says when that is less than was asked for.

import { refusal } from './reply.ts';

/** All in seconds; 0 is "not said". */
export interface Wanted {
  readonly increment?: number;
  readonly usual: number;
  readonly period?: number;
  /** The longest of all, from the start. */
  readonly max: number;
  readonly explicitMax?: number;
}

export interface Granted {
  readonly seconds: number;
  readonly warnings: readonly string[];
}

/** Works out a time to live; `age` is how many seconds ago it began. */
export function grant({ increment = 0, usual, period = 0, max, explicitMax = 0 }: Wanted, age = 0): Granted {
  const longest = explicitMax > 0 ? Math.min(explicitMax, max) : max;
  if (period > 0) {
    const seconds = Math.min(period, longest);
    const capped = `period of "${human(period)}" exceeded the effective max_ttl of "${human(longest)}"`;
    return { seconds, warnings: period > longest ? [`${capped}; period value is capped accordingly`] : [] };
  }
  const wanted = increment || usual;
  const left = longest - Math.floor(age);
  if (left <= 0) throw refusal(400, 'past the max TTL, cannot renew');
  const capped = `TTL of "${human(wanted)}" exceeded the effective max_ttl of "${human(left)}"`;
  return {
    seconds: Math.min(wanted, left),
    warnings: wanted > left ? [`${capped}; TTL value is capped accordingly`] : [],
  };
}

/** `768h`, `1h30m`, `5s`: a duration as Go writes it, without its zeros. */
function human(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const text = parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('');
  return text === '' ? '0s' : text;
}
