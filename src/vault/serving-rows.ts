// What is no refusal of a request: Vault, or what stands before it, is not there to answer. At the login and at reads
// alike; all of it is worth another try.

import type { Refusal } from './refusal.ts';

const LATER = 'try again later';
const OPERATOR = 'whoever runs Vault';

/** What a cluster for disaster recovery answers to everything, as if the request were wrong. */
export const DISASTER_RECOVERY: Refusal<object> = {
  status: [400, 500, 503],
  says: /DR secondary/,
  code: 'UNAVAILABLE',
  message: () =>
    'a cluster for disaster recovery answered (DR secondary): it serves nobody while the primary is well',
  hint: () => 'let the address name the primary cluster',
};

/** The table. */
export const SERVING_ROWS: readonly Refusal<object>[] = [
  {
    status: 412,
    says: /X-Vault-Request/,
    code: 'UNAVAILABLE',
    message: () => 'a Vault Agent misses the X-Vault-Request header (412), which civault sent',
    hint: () => 'look for a proxy between this job and the Agent that takes headers out',
  },
  {
    status: 412,
    says: /required index state not present/,
    code: 'UNAVAILABLE',
    message: () => 'the Vault node that answered lags behind the others (412)',
    hint: () => `${LATER}; a longer --timeout lets civault wait for it itself`,
  },
  {
    status: 412,
    code: 'UNAVAILABLE',
    message: ({ words }) => `Vault is behind or asks for more (412)${words}`,
    hint: () => LATER,
  },
  {
    status: 429,
    says: /rate limit quota exceeded/,
    code: 'UNAVAILABLE',
    message: ({ words }) => `Vault's rate limit is reached (429)${words}`,
    hint: () => `${LATER}, or let ${OPERATOR} raise the quota: vault list sys/quotas/rate-limit`,
  },
  {
    status: 429,
    says: /lease count quota exceeded/,
    code: 'UNAVAILABLE',
    message: ({ words }) => `there are as many leases as Vault allows (429)${words}`,
    hint: () => `let ${OPERATOR} end leases that nobody needs, or raise the quota: sys/quotas/lease-count`,
  },
  {
    status: 429,
    code: 'UNAVAILABLE',
    message: ({ words }) => `Vault refuses more requests for now (429)${words}`,
    hint: () => `${LATER}, or let ${OPERATOR} raise the quota`,
  },
  {
    status: 501,
    code: 'UNAVAILABLE',
    message: () => 'Vault is not initialised: it has no secrets yet',
    hint: () => `${OPERATOR} must initialise it`,
  },
  {
    status: [500, 503],
    says: /Vault is sealed/,
    code: 'UNAVAILABLE',
    message: () => 'Vault is sealed: it answers nobody',
    hint: () => `${OPERATOR} must unseal it`,
  },
  {
    status: [500, 503],
    says: /active cluster node not found|no active Vault instance|Vault is in standby mode|please forward to the active node/,
    code: 'UNAVAILABLE',
    message: ({ status, words }) =>
      `a Vault in standby answered (${status}), and there is no active node for now${words}`,
    hint: () => `${LATER}: the nodes elect another; if it stays so, ${OPERATOR} must look at the cluster`,
  },
  {
    status: 503,
    says: /namespace has been locked/,
    code: 'UNAVAILABLE',
    message: () => 'an administrator has locked this namespace of Vault (503)',
    hint: () => `ask ${OPERATOR}: vault namespace unlock`,
  },
  {
    status: 500,
    says: /failed to get the response/,
    code: 'UNAVAILABLE',
    message: () => 'a Vault Agent answered (500): it gets no answer from Vault itself',
    hint: () => "look at the Agent's log, and at the address in its vault block",
  },
  {
    status: [502, 504],
    code: 'UNAVAILABLE',
    message: ({ status, words }) =>
      `what stands before Vault answered (${status}): it gets no answer from Vault${words}`,
    hint: () =>
      `${LATER}; if it stays so, ${OPERATOR} must look at the load balancer and the nodes behind it`,
  },
  {
    status: '5xx',
    code: 'UNAVAILABLE',
    message: ({ status, words }) => `Vault cannot answer now (${status})${words}`,
    hint: () => LATER,
  },
];
