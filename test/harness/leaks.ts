// Secrets that must never show: every command that the tests run is searched for them, whatever the test is about.

const marked = new Set<string>();

/** Marks values as secret, in the forms in which a message could hold them. Short ones are too common to search for. */
export function markSecrets(values: Iterable<string>): void {
  for (const value of values) {
    const forms = [value, JSON.stringify(value).slice(1, -1), ...value.split('\n')];
    for (const form of forms) if (form.trim().length >= 10) marked.add(form.trim());
  }
}

/** Whether a text that anybody may read holds a marked secret. */
export function holdsSecret(text: string): boolean {
  return [...marked].some((secret) => text.includes(secret));
}
