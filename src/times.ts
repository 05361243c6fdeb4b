// Times in words, for messages: a moment, a span, and how two clocks differ. A token that is too old by one clock is still
// good by the other.

/** A moment as `2026-01-02 03:04 UTC`, or with seconds; one that no calendar has, as a server may name it, as that. */
export function moment(milliseconds: number, to: 'minutes' | 'seconds' = 'minutes'): string {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return 'a time that no calendar has';
  const text = date.toISOString();
  return `${text.slice(0, text.indexOf(':') + (to === 'minutes' ? 3 : 6)).replace('T', ' ')} UTC`;
}

/** A span in its largest unit that tells something: `45 s`, `5 min`, `3 h`, `4 days`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

// The Date header (RFC 9110, section 6.6.1) counts whole seconds, and an answer takes some time.
const ALIKE = 2_000;

/**
 * How Vault's clock differs from this machine's.
 * @param ahead milliseconds by which Vault's is ahead; negative where it is behind
 */
export function clockSentence(ahead: number): string {
  if (Math.abs(ahead) <= ALIKE) return "Vault's clock agrees with this machine's";
  return `Vault's clock is ${duration(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} this machine's`;
}
