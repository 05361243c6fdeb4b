// Puts a server on the bench: prepares it as the guide describes, with keys that it is given or has to fetch.

import type { Place } from '../harness/place.ts';
import { type GuideContents, prepareGuide } from '../vault/guide.ts';
import { Bench, type Keys } from './bench.ts';
import type { GitLab } from './gitlab.ts';
import { startRecorder } from './recorder.ts';
import type { Server } from './server.ts';

/** What all servers of a run have in common, so that their answers can be the same. */
export interface Surroundings {
  readonly place: Place;
  readonly gitlab: GitLab;
  readonly contents: GuideContents;
}

export interface OpenBench {
  readonly bench: Bench;
  readonly close: () => Promise<void>;
}

export async function openBench(
  server: Server,
  keys: Keys,
  { place, gitlab, contents }: Surroundings,
): Promise<OpenBench> {
  const { issuer, ca } = gitlab;
  const discovery = { oidc_discovery_url: issuer.issuer, oidc_discovery_ca_pem: ca };
  const options = keys === 'given' ? { contents } : { contents, keys: discovery };
  const guide = await prepareGuide(server, issuer, options);
  const recorder = await startRecorder(server);
  return {
    bench: new Bench({ server, recorder, place, keys, issuer, guide }),
    close: recorder.close,
  };
}
