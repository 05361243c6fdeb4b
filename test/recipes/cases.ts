// What each job of the recipes is run with, and what must come of it. A job that is not here is not run, and a test fails.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { Dojo } from './dojo.ts';
import { ALPINE, ALPINE_WITH_CURL, type Image, KANIKO, SONAR_ALPINE, SONAR_GLIBC } from './image.ts';
import { npmSends } from './npm.ts';
import type { PipelineRun } from './pipeline.ts';
import { type Check, dockerLoginIs, fileFilled, inputIs, tool, variableAbsent, variableIs } from './tools.ts';

export interface Surroundings {
  /** A field of a secret, by its API path. */
  readonly secret: (path: string, field: string) => string;
  readonly dojo: Dojo;
}

export interface Case {
  readonly images: readonly Image[];
  readonly programs: (surroundings: Surroundings) => Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly variables?: (surroundings: Surroundings) => Readonly<Record<string, string>>;
  /** The calls of a run that is as it should be. */
  readonly calls: readonly string[];
  /** Those of a run whose secrets were refused; none unless said. */
  readonly callsBefore?: readonly string[];
  readonly check?: (run: PipelineRun, surroundings: Surroundings) => void | Promise<void>;
}

const NEXUS = 'secret/data/nexus/svc-orchestrator';
const SONAR = 'secret/data/sonarqube/svc-orchestrator';
const REGISTRY = 'nexus.shared.cwiq.io:8443';

const authOf = ({ secret }: Surroundings): string =>
  Buffer.from(`${secret(NEXUS, 'username')}:${secret(NEXUS, 'password')}`).toString('base64');

const trivyVariables = ({ secret }: Surroundings): Check[] => [
  variableIs('TRIVY_USERNAME', secret(NEXUS, 'username')),
  variableIs('TRIVY_PASSWORD', secret(NEXUS, 'password')),
];

const sonarVariables = ({ secret }: Surroundings): Check[] => [
  variableIs('SONAR_TOKEN', secret(SONAR, 'token')),
  variableIs('SONAR_HOST_URL', secret(SONAR, 'url')),
];

// exec keeps it from the command; what eval exported it to, has it.
const withoutIdToken = variableAbsent('VAULT_ID_TOKEN');
// What GitLab gives every job, with a commit that is made anew each time.
const IMAGE_NAME = /^nexus\.shared\.cwiq\.io:8443\/app:[0-9a-f]{8}$/;

const configJson = ({ seen }: PipelineRun, surroundings: Surroundings): void => {
  assert.deepEqual(JSON.parse(seen('config.json')), {
    auths: { [REGISTRY]: { auth: authOf(surroundings) } },
  });
};

/** By document and job. */
export const CASES: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  'docs/recipes/README.md': {
    trivy: {
      images: [ALPINE],
      programs: (around) => ({
        // Its before_script calls it, too, before there is a secret.
        'usr/local/bin/trivy': tool([
          `[ "$1" = image ] || exit 0`,
          ...trivyVariables(around),
          withoutIdToken,
        ]),
      }),
      calls: ['trivy --version', 'trivy image IMAGE'],
      callsBefore: ['trivy --version'],
    },
  },
  'docs/recipes/trivy.md': {
    trivy: {
      images: [ALPINE],
      programs: (around) => ({ 'usr/local/bin/trivy': tool([...trivyVariables(around), withoutIdToken]) }),
      calls: ['trivy image --exit-code 1 --severity HIGH,CRITICAL IMAGE'],
    },
  },
  'docs/recipes/trivy-docker-login.md': {
    trivy: {
      images: [ALPINE],
      programs: (around) => ({
        'usr/local/bin/trivy': tool([
          dockerLoginIs('"$HOME/.docker/config.json"', authOf(around)),
          variableAbsent('TRIVY_PASSWORD'),
        ]),
      }),
      calls: ['trivy image --exit-code 1 --severity HIGH,CRITICAL IMAGE'],
      check: configJson,
    },
  },
  'docs/recipes/sonar-scanner.md': {
    'sonarqube-scan': {
      images: [SONAR_ALPINE, SONAR_GLIBC],
      programs: (around) => ({
        'opt/sonar-scanner/bin/sonar-scanner': tool(
          [...sonarVariables(around), withoutIdToken],
          'id -u 2>/dev/null || true',
        ),
      }),
      calls: ['sonar-scanner'],
    },
  },
  'docs/recipes/kaniko.md': {
    kaniko: {
      images: [KANIKO],
      programs: (around) => ({
        'kaniko/executor': tool([dockerLoginIs('/kaniko/.docker/config.json', authOf(around))]),
      }),
      files: { Dockerfile: 'FROM scratch\n' },
      calls: [
        'executor --context /builds/orchestrator/app --dockerfile /builds/orchestrator/app/Dockerfile --destination IMAGE',
      ],
      check: configJson,
    },
  },
  'docs/recipes/docker-build.md': {
    'docker-build': {
      images: [ALPINE],
      programs: (around) => ({
        'usr/local/bin/docker': tool([dockerLoginIs('"$HOME/.docker/config.json"', authOf(around))]),
      }),
      calls: ['docker build --pull --tag IMAGE .', 'docker push IMAGE'],
      check: configJson,
    },
  },
  'docs/recipes/defectdojo.md': {
    'defectdojo-import': {
      images: [ALPINE_WITH_CURL],
      programs: () => ({}),
      files: { 'trivy.json': '{"SchemaVersion": 2, "Results": []}\n' },
      variables: ({ dojo }) => ({ DEFECTDOJO_URL: dojo.url }),
      calls: [],
      check: (_run, { dojo }) => {
        assert.deepEqual(dojo.requests, ['POST /api/v2/import-scan/']);
        assert.deepEqual(dojo.imports, [
          {
            scan_type: 'Trivy Scan',
            product_type_name: 'orchestrator',
            product_name: 'orchestrator/app',
            engagement_name: 'main',
            auto_create_context: 'true',
            file: '{"SchemaVersion": 2, "Results": []}\n',
          },
        ]);
      },
    },
  },
  'docs/recipes/e2e-reportportal.md': {
    'e2e-test': {
      images: [ALPINE],
      programs: ({ secret }) => ({
        'usr/bin/npm': tool([variableAbsent('E2E_PASSWORD'), variableAbsent('RP_API_KEY')]),
        'usr/bin/npx': tool([
          variableIs('E2E_USERNAME', secret('secret/data/orchestrator/e2e-test-user', 'username')),
          variableIs('E2E_PASSWORD', secret('secret/data/orchestrator/e2e-test-user', 'password')),
          variableIs('RP_API_KEY', secret('secret/data/reportportal/svc-orchestrator', 'api_key')),
          withoutIdToken,
        ]),
      }),
      calls: ['npm ci', 'npx playwright test'],
      callsBefore: ['npm ci'],
    },
  },
  'docs/recipes/maven.md': {
    'maven-deploy': {
      images: [ALPINE],
      programs: () => ({ 'usr/bin/mvn': tool([fileFilled('/tmp/settings.xml')]) }),
      calls: ['mvn --batch-mode --settings /tmp/settings.xml deploy'],
      check: ({ seen }, { secret }) => {
        const field = (name: string): string =>
          execFileSync(
            'xmllint',
            ['--xpath', `string(//*[local-name()="server"]/*[local-name()="${name}"])`, '-'],
            { input: seen('mvn.file'), encoding: 'utf8' },
          ).replace(/\n$/, '');
        assert.equal(field('id'), 'nexus');
        for (const name of ['username', 'password']) assert.equal(field(name), secret(NEXUS, name));
      },
    },
  },
  'docs/recipes/npm.md': {
    'npm-build': {
      images: [ALPINE],
      programs: () => ({ 'usr/bin/npm': tool([fileFilled('"$HOME/.npmrc"')]) }),
      calls: ['npm ci', 'npm run build'],
      check: async (run, { secret }) => {
        assert.equal(run.exists('root/.npmrc'), false);
        const { username, password } = await npmSends(run.seen('npm.file'), 'nexus.shared.cwiq.io');
        assert.deepEqual(
          { username, password },
          { username: secret(NEXUS, 'username'), password: secret(NEXUS, 'password') },
        );
      },
    },
  },
  'docs/recipes/from-curl.md': {
    'docker-push': {
      images: [ALPINE],
      programs: (around) => ({ 'usr/local/bin/docker': dockerLogin(around, '') }),
      calls: [`docker login ${REGISTRY} --username svc-orchestrator --password-stdin`, 'docker push IMAGE'],
    },
  },
  'docs/recipes/from-gitlab-secrets.md': {
    trivy: {
      images: [ALPINE],
      programs: (around) => ({ 'usr/local/bin/trivy': tool(trivyVariables(around)) }),
      calls: ['trivy image IMAGE'],
    },
  },
  'docs/recipes/from-vault-cli.md': {
    'sonarqube-scan': {
      images: [SONAR_ALPINE],
      programs: (around) => ({ 'opt/sonar-scanner/bin/sonar-scanner': tool(sonarVariables(around)) }),
      calls: ['sonar-scanner'],
    },
  },
};

/** A docker that takes the password on standard input, with what echo puts behind it. */
export function dockerLogin({ secret }: Surroundings, end: '' | '\n'): string {
  const password = inputIs(`${secret(NEXUS, 'password')}${end}`);
  return tool([`if [ "$1" = login ]; then\n${password}\nfi`]);
}

/** Calls with the image's name, which has a commit in it, as IMAGE. */
export function plainCalls(calls: readonly string[]): string[] {
  const plain = (word: string) => (IMAGE_NAME.test(word) ? 'IMAGE' : word);
  return calls.map((call) => call.split(' ').map(plain).join(' '));
}
