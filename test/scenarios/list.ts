// The one list of scenarios, played on the stand-in and on a real Vault alike, in this order.

import type { Scenario } from './bench.ts';
import { doctor } from './doctor.ts';
import { heldLeases } from './held-leases.ts';
import { keySources } from './key-sources.ts';
import { leases } from './leases.ts';
import { loginRefusals } from './login-refusals.ts';
import { logins } from './logins.ts';
import { reads } from './reads.ts';
import { roles } from './roles.ts';
import { secrets } from './secrets.ts';
import { sessions } from './sessions.ts';
import { system } from './system.ts';
import { tokens } from './tokens.ts';
import { handingOn } from './ways.ts';

export const scenarios: readonly Scenario[] = [
  ...secrets,
  ...sessions,
  ...loginRefusals,
  ...keySources,
  ...logins,
  ...roles,
  ...reads,
  ...tokens,
  ...leases,
  ...system,
  ...handingOn,
  ...heldLeases,
  ...doctor,
];
