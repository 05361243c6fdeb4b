// Proves with the programs that jobs run that a value is known in what they write of it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { masked, VALUES } from './mask-values.ts';

const PYTHON = [
  ...['json.dumps(v)', 'json.dumps(v, ensure_ascii=False)', 'json.dumps(json.dumps(v))', 'repr(v.encode())'],
  ...['quote(v)', 'quote(v, safe="")', 'quote_plus(v)', 'shlex.quote(v)', 'html.escape(v)', 'escape(v)'],
  ...['base64.b64encode(v.encode()).decode()', 'base64.encodebytes(v.encode()).decode()', 'v.encode().hex()'],
];
const PYTHON_IMPORTS =
  'import base64,html,json,shlex,sys\nfrom urllib.parse import *\nfrom xml.sax.saxutils import escape\n';
const shell = (name: string, script: string): [string, string[]] => [
  `${name} with ${script}`,
  [...name.split(' '), '-c', `exec 2>&1; ${script}`, 'x'],
];
// Each is run with the value as its last argument.
const PROGRAMS: readonly [string, readonly string[]][] = [
  ...[
    'printf %s "$1" | base64 -w76',
    'echo "$1" | base64',
    'printf %s "$1" | openssl base64',
    'printf %s "$1" | xxd -p',
  ].map((script) => shell('sh', script)),
  ...['printf "%q\\n" "$1"', 'x=$1; declare -p x'].map((script) => shell('bash', script)),
  ...['bash', 'dash', 'busybox ash', 'zsh', 'mksh'].map((name) => shell(name, 'set -x; : "$1"')),
  ...['bash', 'dash', 'busybox ash', 'zsh', 'mksh'].map((name) =>
    shell(name, 'export x="$1"; export -p | grep -A9 x='),
  ),
  ...['$v', '{$v}', '[$v]|tojson', '$v|@uri', '$v|@sh', '$v|@html', '$v|@csv', '$v|@base64'].map(
    (filter): [string, string[]] => [
      `jq ${filter}`,
      ['jq', '-nr', '--arg', 'v', 'VALUE', filter.replace('@csv', '[.]|@csv')],
    ],
  ),
  ['jq -a', ['jq', '-na', '--arg', 'v', 'VALUE', '$v']],
  [
    `Python: ${PYTHON.join(', ')}`,
    [
      'python3',
      '-c',
      `${PYTHON_IMPORTS}v=sys.argv[1]\nsys.stdout.buffer.write("\\0".join([${PYTHON.join(',')}]).encode())`,
    ],
  ],
];

for (const [name, [command = '', ...args]] of PROGRAMS) {
  for (const locale of ['C', 'C.UTF-8']) {
    // Python reads its arguments by the locale, and these two write the bytes of C's in ways of their own
    if (['python3', 'zsh', 'mksh'].includes(command) && locale === 'C') continue;
    test(`values are known as ${name} writes them (${locale})`, (t) => {
      for (const each of VALUES.slice(0, 5)) {
        // zsh has its own way to write these: \C-G
        const value = command === 'zsh' ? each.replace(/[\x07\x1b\x7f]/g, '') : each;
        const given = args.includes('VALUE')
          ? args.map((argument) => (argument === 'VALUE' ? value : argument))
          : [...args, value];
        const { stdout, error, status } = spawnSync(command, given, {
          env: { PATH: process.env['PATH'], LC_ALL: locale },
        });
        if (error !== undefined || status === 127) return t.skip(`${command} is not installed`);
        assert.equal(stdout.length >= value.length, true, stdout.toString());
        for (const output of stdout.toString().split('\0')) {
          assert.equal(
            shows(value, masked([value], output)),
            false,
            `${output} became ${masked([value], output)}`,
          );
        }
      }
    });
  }
}

/** Whether something of a value is left, besides what any text may have. */
function shows(value: string, output: string): boolean {
  if (!output.includes('[MASKED]')) return true;
  const left = output.replaceAll(/\[MASKED\]|-----(BEGIN|END) PRIVATE KEY-----/g, '\0');
  const words =
    value.replaceAll(/-----(BEGIN|END) PRIVATE KEY-----/g, '').match(/[\w=+/.-]{4,}|[^\0-\x7f]{2,}/g) ?? [];
  return left.length > 120 || words.some((word) => left.includes(word));
}
