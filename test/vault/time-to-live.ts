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

/** Works out a time to live from when it began until now, both in milliseconds since 1970; Vault counts whole seconds. */
export function grant(wanted: Wanted, began: number, now: number): Granted {
  const { increment = 0, usual, period = 0, max, explicitMax = 0 } = wanted;
  const age = Math.floor(now / 1000) - Math.floor(began / 1000);
  const longest = explicitMax > 0 ? Math.min(explicitMax, max) : max;
  const warnings: string[] = [];
  const cut = (what: string, asked: number, allowed: number): number => {
    if (asked <= allowed) return asked;
    const exceeded = `of "${human(asked)}" exceeded the effective max_ttl of "${human(allowed)}"`;
    warnings.push(`${what} ${exceeded}; ${what} value is capped accordingly`);
    return allowed;
  };

  const asked = period > 0 ? cut('period', period, longest) : increment || usual;
  // A token that is periodic lives as long as it is renewed, if nothing else is said.
  if (period > 0 && explicitMax === 0) return { seconds: asked, warnings };
  const left = (period > 0 ? explicitMax : longest) - age;
  if (left <= 0) throw refusal(400, 'past the max TTL, cannot renew');
  return { seconds: cut('TTL', asked, left), warnings };
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
