// Proves that what docker-login writes lets real programs into a real registry: skopeo and crane push an image and pull it
// back, with nothing but config.json; and that they cannot with other credentials.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { CIVAULT } from '../harness/busybox-root.ts';
import { type Outcome, runCommand } from '../harness/command.ts';
import { type Job, startJob } from '../harness/job.ts';
import { leaveNothing } from '../harness/leftovers.ts';
import {
  digestOf,
  findCrane,
  type Registry,
  run,
  startRegistry,
  whyNoRegistry,
  writeImage,
} from '../harness/registry.ts';

const ORCHESTRATOR = 'secret/data/nexus/svc-orchestrator';
const EXECUTOR = 'secret/data/nexus/svc-executor';

describe('a registry that asks for a password', { skip: whyNoRegistry() ?? false }, () => {
  let job: Job;
  let first: Registry;
  let second: Registry;
  let folder: string;
  let image: string;
  let digest: string;
  let putAway: () => void;

  const startFor = (path: string) => {
    const { username, password } = job.guide.secrets[path] ?? {};
    return startRegistry(String(username), String(password));
  };

  before(async () => {
    job = await startJob();
    [first, second] = await Promise.all([startFor(ORCHESTRATOR), startFor(EXECUTOR)]);
  });
  after(async () => {
    await first?.end();
    await second?.end();
    await job?.end();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'civault-push-'));
    putAway = leaveNothing(() => rmSync(folder, { recursive: true, force: true }));
    image = join(folder, 'image');
    digest = writeImage(image);
  });
  afterEach(() => putAway());

  const login = async (...pairs: string[]) => {
    const env = { ...job.env, DOCKER_CONFIG: folder };
    const { status, stderr } = await runCommand(CIVAULT, ['docker-login', ...pairs], { env });
    assert.equal(status, 0, stderr);
  };
  const skopeo = (...args: string[]) =>
    run('skopeo', ['--insecure-policy', 'copy', '--authfile', join(folder, 'config.json'), ...args]);
  const push = (registry: Registry, name: string) =>
    skopeo('--dest-tls-verify=false', `oci:${image}`, `docker://${registry.host}/${name}`);
  const done = ({ status, stderr }: Outcome) => assert.equal(status, 0, stderr);

  async function pull(registry: Registry, name: string): Promise<void> {
    const back = join(folder, `back-${name.replace(/\W/g, '-')}`);
    done(await skopeo('--src-tls-verify=false', `docker://${registry.host}/${name}`, `oci:${back}`));
    assert.equal(digestOf(back), digest);
  }

  test("skopeo pushes and pulls with the guide's credentials, awkward password and all", async () => {
    await login(first.host, ORCHESTRATOR);
    done(await push(first, 'app:1'));
    await pull(first, 'app:1');
  });

  test('two registries of one call, and from one to the other', async () => {
    await login(first.host, ORCHESTRATOR, `https://${second.host}/v2/`, EXECUTOR);
    done(await push(first, 'both:1'));
    const [from, to] = [`docker://${first.host}/both:1`, `docker://${second.host}/both:2`];
    done(await skopeo('--src-tls-verify=false', '--dest-tls-verify=false', from, to));
    await pull(second, 'both:2');
  });

  test('a second call replaces what was wrong', async () => {
    await login(first.host, EXECUTOR);
    assertRefused(await push(first, 'app:2'));
    await login(first.host, ORCHESTRATOR);
    done(await push(first, 'app:2'));
  });

  test("another's password is refused, and so is none", async () => {
    await login(first.host, EXECUTOR);
    assertRefused(await push(first, 'app:3'));
    rmSync(join(folder, 'config.json'));
    await login(second.host, EXECUTOR);
    assertRefused(await push(first, 'app:3'));
  });

  test("crane, which reads config.json by Docker's own code", async (t) => {
    const crane = await findCrane();
    if ('why' in crane) return t.skip(crane.why);
    const env = { DOCKER_CONFIG: folder, HOME: folder };
    const cranes = (...args: string[]) => runCommand(crane.path, args, { env });
    const name = `${first.host}/crane:1`;
    await login(first.host, EXECUTOR);
    assertRefused(await cranes('push', image, name));
    await login(first.host, ORCHESTRATOR);
    done(await cranes('push', image, name));
    const back = join(folder, 'back');
    done(await cranes('pull', '--format=oci', name, back));
    assert.equal(digestOf(back), digest);
    assert.equal((await cranes('digest', name)).stdout.toString().trim(), digest);
    assert.match(readFileSync(join(folder, 'config.json'), 'utf8'), /^\{\n\t"auths": \{\n/);
  });
});

function assertRefused({ status, stderr }: Outcome): void {
  assert.notEqual(status, 0);
  assert.match(stderr, /unauthorized|authentication required|UNAUTHORIZED/i);
}
