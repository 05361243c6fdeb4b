// Rate limits: so many requests to a path in an interval, then 429.

export interface Quota {
  readonly name: string;
  /** '' is everything, a mount is all below it, a longer path is that path or, with `*`, what it starts. */
  readonly path: string;
  readonly rate: number;
  /** Seconds. */
  readonly interval: number;
}

export interface Verdict {
  readonly allowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Quotas {
  set(quota: Quota): void;
  get(name: string): Quota | undefined;
  delete(name: string): void;
  names(): string[];
  /** Counts a request and says whether it may pass. */
  admit(path: string): Verdict;
  /** Off unless the operator turns it on: only then is there a Retry-After. */
  responseHeaders: boolean;
}

// What Vault exempts by default, lest a limit lock its operator out.
const exempt = /^sys\/(?:health|seal-status|unseal|generate-root\/|generate-recovery-token\/)/;

/** Makes an empty set of limits. */
export function createQuotas(clock: () => number): Quotas {
  const quotas = new Map<string, Quota>();
  const windows = new Map<string, { start: number; count: number }>();

  const quotaFor = (path: string): Quota | undefined =>
    [...quotas.values()]
      .filter((quota) => applies(quota.path, path))
      .sort((a, b) => b.path.length - a.path.length)[0];

  return {
    responseHeaders: false,
    set(quota) {
      quotas.set(quota.name, quota);
      windows.delete(quota.name);
    },
    get: (name) => quotas.get(name),
    delete: (name) => void quotas.delete(name),
    names: () => [...quotas.keys()].sort(),
    admit(path) {
      const quota = exempt.test(path) ? undefined : quotaFor(path);
      if (!quota) return { allowed: true, headers: {} };
      const now = clock();
      const length = quota.interval * 1000;
      let window = windows.get(quota.name);
      if (!window || now - window.start >= length) {
        window = { start: now, count: 0 };
        windows.set(quota.name, window);
      }
      window.count += 1;
      const allowed = window.count <= quota.rate;
      const reset = String(Math.ceil((window.start + length - now) / 1000));
      return {
        allowed,
        headers: this.responseHeaders
          ? {
              'X-Ratelimit-Limit': String(quota.rate),
              'X-Ratelimit-Remaining': String(Math.max(0, quota.rate - window.count)),
              'X-Ratelimit-Reset': reset,
              ...(allowed ? {} : { 'Retry-After': reset }),
            }
          : {},
      };
    },
  };
}

function applies(quotaPath: string, path: string): boolean {
  if (quotaPath === '' || quotaPath.endsWith('/')) return path.startsWith(quotaPath);
  return quotaPath.endsWith('*') ? path.startsWith(quotaPath.slice(0, -1)) : path === quotaPath;
}
