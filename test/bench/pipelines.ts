// The guide's own way to a secret (curl, grep, sed), word for word, and civault's, as scripts for /bin/sh.

/** What a job of the guide fetches from one path: variables and the fields that they come from. */
export interface Wanted {
  readonly path: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** The guide's five rows of "Common Secret Paths Used in CI". */
export const GUIDE_SECRETS: readonly Wanted[] = [
  {
    path: 'secret/data/nexus/svc-orchestrator',
    variables: { NEXUS_USER: 'username', NEXUS_PASSWORD: 'password' },
  },
  {
    path: 'secret/data/sonarqube/svc-orchestrator',
    variables: { SONAR_TOKEN: 'token', SONAR_HOST_URL: 'url' },
  },
  { path: 'secret/data/defectdojo/svc-orchestrator', variables: { DEFECTDOJO_TOKEN: 'token' } },
  {
    path: 'secret/data/orchestrator/e2e-test-user',
    variables: { E2E_USER: 'username', E2E_PASSWORD: 'password' },
  },
  { path: 'secret/data/reportportal/svc-orchestrator', variables: { RP_API_KEY: 'api_key' } },
  {
    path: 'secret/data/nexus/svc-executor',
    variables: { EXECUTOR_USER: 'username', EXECUTOR_PASSWORD: 'password' },
  },
];

/** Steps 2 and 3 of the guide. */
export function guideScript(wanted: readonly Wanted[]): string {
  return `${LOGIN}${wanted.map(readStep).join('')}`;
}

/** The same by civault. */
export function civaultScript(wanted: readonly Wanted[], civault: string): string {
  return `set -e\neval "$(${civault} env ${mappingsOf(wanted).join(' ')})"\n`;
}

/** What is wanted, as civault's MAPPINGs. */
export function mappingsOf(wanted: readonly Wanted[]): string[] {
  return wanted.flatMap(({ path, variables }) =>
    Object.entries(variables).map(([name, field]) => `${name}=${path}#${field}`),
  );
}

const LOGIN = `
AUTH_RESPONSE=$(curl -sf \\
  --request POST \\
  --header "Content-Type: application/json" \\
  --data "{\\"role\\": \\"nexus-ci\\", \\"jwt\\": \\"\${VAULT_ID_TOKEN}\\"}" \\
  "\${VAULT_ADDR}/v1/auth/jwt/login")

VAULT_TOKEN=$(echo "\${AUTH_RESPONSE}" \\
  | grep -o '"client_token":"[^"]*"' \\
  | head -1 \\
  | sed 's/"client_token":"//;s/"$//')
`;

function readStep({ path, variables }: Wanted): string {
  const fields = Object.entries(variables).map(
    ([name, field]) => `
${name}=$(echo "\${SECRET_RESPONSE}" \\
  | grep -o '"${field}":"[^"]*"' \\
  | head -1 \\
  | sed 's/"${field}":"//;s/"$//')
`,
  );
  return `
SECRET_RESPONSE=$(curl -sf \\
  --header "X-Vault-Token: \${VAULT_TOKEN}" \\
  "\${VAULT_ADDR}/v1/${path}")
${fields.join('')}`;
}
