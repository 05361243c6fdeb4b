// How two clocks differ, in words: a token that is too old for one of them is still good for the other.

// The Date header (RFC 9110, section 6.6.1) counts whole seconds, and an answer takes some time.
const ALIKE = 2_000;

/**
 * How Vault's clock differs from this machine's.
 * @param ahead milliseconds by which Vault's is ahead; negative where it is behind
 */
export function clockSentence(ahead: number): string {
  if (Math.abs(ahead) <= ALIKE) return "Vault's clock agrees with this machine's";
  return `Vault's clock is ${shownDuration(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} this machine's`;
}

/** A time span in words, in its largest unit that tells something: `45 s`, `5 min`, `3 h`, `4 days`. */
export function shownDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
