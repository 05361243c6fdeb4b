// What part a node plays in its cluster, and how `sys/health` tells it by status code.

import type { Core } from './core.ts';

export type NodeState = 'active' | 'standby' | 'performance-standby' | 'dr-secondary' | 'uninitialized';

export const version = '1.21.4';

// The status of each state, and the query parameter that asks for another one.
const statuses: Readonly<Record<NodeState | 'sealed', readonly [status: number, parameter: string]>> = {
  active: [200, 'activecode'],
  standby: [429, 'standbycode'],
  'performance-standby': [473, 'performancestandbycode'],
  'dr-secondary': [472, 'drsecondarycode'],
  uninitialized: [501, 'uninitcode'],
  sealed: [503, 'sealedcode'],
};

/** The answer of `sys/health`. */
export function health(
  core: Core,
  query: URLSearchParams,
): { status: number; body: Record<string, unknown> } {
  const initialized = core.node !== 'uninitialized';
  const sealed = core.sealed || !initialized;
  const [usual, parameter] = statuses[initialized && sealed ? 'sealed' : core.node];
  const excused =
    (core.node === 'standby' && query.get('standbyok') === 'true') ||
    (core.node === 'performance-standby' && query.get('perfstandbyok') === 'true');
  const wanted = query.get(parameter);
  const status = wanted === null ? usual : Number(wanted);
  const mode = sealed ? 'unknown' : 'disabled';
  return {
    status: excused && !sealed ? 200 : status,
    body: {
      initialized,
      sealed,
      standby: sealed || core.node === 'standby' || core.node === 'performance-standby',
      performance_standby: !sealed && core.node === 'performance-standby',
      replication_performance_mode: mode,
      replication_dr_mode: core.node === 'dr-secondary' && !sealed ? 'secondary' : mode,
      server_time_utc: Math.floor(core.clock() / 1000),
      version,
      enterprise: false,
      ...(sealed ? {} : { cluster_name: core.clusterName, cluster_id: core.clusterId }),
      echo_duration_ms: 0,
      clock_skew_ms: 0,
      replication_primary_canary_age_ms: 0,
    },
  };
}
