// The ways in which tools write a text for others: percent-encoded, escaped for JSON, quoted for a shell, and so on.

import {
  ALPHANUMERIC,
  backslash,
  type Escape,
  each,
  escaping,
  hexOf,
  type Written,
} from './mask-escaping.ts';

function percent(kept: string, space: string, upper: boolean): Escape {
  const isKept = new Set(ALPHANUMERIC + kept);
  const written: Written = (character) => hexOf(character, '%', upper);
  return escaping((character) => {
    if (isKept.has(character)) return character;
    return character === ' ' ? space : written(character);
  }, written);
}

// The characters kept besides letters and digits, and what a space becomes.
const PERCENT = [
  ["-_.!~*'()", '%20'], // encodeURIComponent
  ['-_.~', '%20'], // RFC 3986, curl --data-urlencode, jq @uri
  ['-_.~/', '%20'], // Python's quote
  ["-_.!~*'();/?:@&=+$,#", '%20'], // encodeURI
  ['*-._', '+'], // URLSearchParams, Java's URLEncoder
  ['-_.~', '+'], // Python's quote_plus, Go's QueryEscape
  ['-_.', '+'], // PHP's urlencode
] as const;

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function unicode(character: string, upper: boolean): string {
  return Array.from({ length: character.length }, (_, index) => {
    const hex = character.charCodeAt(index).toString(16).padStart(4, '0');
    return `\\u${upper ? hex.toUpperCase() : hex}`;
  }).join('');
}

/** JSON: `coded` are the characters written as \uXXXX, besides the control characters that have no shorter form. */
function json(coded: string, all: 'as it is' | 'ASCII only', upper = false, slash = '/'): Escape {
  const other: Written = (character) =>
    all === 'ASCII only' || coded.includes(character) ? unicode(character, upper) : character;
  return escaping((character) => {
    if (coded.includes(character)) return unicode(character, upper);
    if (character === '/') return slash;
    const isControl = character < ' ' || (character === '\x7f' && all === 'ASCII only');
    return SHORT[character] ?? (isControl ? unicode(character, upper) : character);
  }, other);
}

const jsonPlain = json('', 'as it is');
const jsonAscii = json('', 'ASCII only');
const JSON_ESCAPES = [
  jsonPlain,
  jsonAscii, // Python, jq -a
  json('', 'ASCII only', true),
  json('', 'as it is', false, '\\/'),
  json('', 'ASCII only', false, '\\/'), // PHP
  json('\x7f', 'as it is'), // jq
  json('<>&\u2028\u2029', 'as it is'), // Go, Rails
  json("<>&='\u2028\u2029", 'as it is'), // Gson
  json('"<>&\'+`\x7f', 'ASCII only', true), // .NET
];

const quoteOutside = escaping(each({ "'": "'\\''" })); // bash set -x and declare, coreutils
const quoteDoubled = escaping(each({ "'": `'"'"'` })); // Python's shlex.quote

/** As zsh and dash do: quotes in a row come together, and none is opened before the first and behind the last. */
function together(escaped: Escape, between: string, within: string): Escape {
  return (text) =>
    escaped(text)
      .replaceAll(between, within)
      .slice(text.startsWith("'") ? 1 : 0, text.endsWith("'") ? -1 : undefined);
}
const quotesTogether = together(quoteDoubled, `"''"`, ''); // dash and BusyBox set -x

/** As printf %q of bash does where there is no control character. `#` and `~` are special at the start of a word. */
function printfQuoted(text: string): string {
  const quoted = QUOTE_BACKSLASH(text).replaceAll(':~', ':\\~').replaceAll('=~', '=\\~');
  return text.startsWith('#') || text.startsWith('~') ? `\\${quoted}` : quoted;
}
const QUOTE_BACKSLASH = escaping(backslash(' \t!"$&\'()*,;<>?[\\]^`{|}'));

const ANSI_C = { ...SHORT, '"': '"', "'": "\\'", '\x07': '\\a', '\x0b': '\\v', '\x1b': '\\E' };
const octal: Written = (character) =>
  [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
const ansiC: Written = (character) =>
  each(ANSI_C)(character) === character && (character < ' ' || character === '\x7f')
    ? octal(character)
    : each(ANSI_C)(character);

const SHELL_ESCAPES: readonly Escape[] = [
  quoteOutside,
  quoteDoubled,
  together(quoteOutside, "'''\\", "'\\"), // zsh set -x
  quotesTogether,
  printfQuoted,
  escaping(backslash('$`"\\')), // within double quotes: declare -p, export -p
  escaping(ansiC), // $'…': bash, ksh and zsh, where there are control characters
  escaping(ansiC, octal), // the same in the C locale
  escaping(
    (character) => (character === "'" ? '\\047' : ansiC(character)),
    (character) => (character.length > 1 ? octal(character) : character),
  ), // mksh
  (text) => quoteOutside(jsonPlain(text)), // curl --data '{"…"}' under set -x
  (text) => quotesTogether(jsonPlain(text)),
];

// What `"` and `'` become; `&`, `<` and `>` are the same with all.
const XML = [
  ['"', "'"], // text
  ['&quot;', "'"], // attributes
  ['&quot;', '&apos;'],
  ['&quot;', '&#39;'], // JavaScript, Ruby
  ['&quot;', '&#039;'], // PHP
  ['&quot;', '&#x27;'], // Python
  ['&#34;', '&#39;'], // Go
] as const;

function python(quote: string): Written {
  const short: Record<string, string> = {
    '\\': '\\\\',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    [quote]: `\\${quote}`,
  };
  return (character) =>
    short[character] ??
    (character < ' ' || character === '\x7f' ? hexOf(character, '\\x', false) : character);
}
const pythonByte: Written = (character) => hexOf(character, '\\x', false);

const OTHER_ESCAPES: readonly Escape[] = [
  escaping(each({ "'": "''" })), // SQL, YAML
  escaping(each({ '"': '""' })), // CSV
  escaping(python("'")), // repr() of Python, util.inspect of Node.js
  escaping(python('"')),
  escaping(python("'"), pythonByte), // repr() of bytes
];

/** What is left of a text that stands unquoted in a shell's command: its words, a space between each (IFS). */
function words(text: string): string {
  return text
    .split(/[ \t\n]+/)
    .join(' ')
    .trim();
}

const ECHO: Readonly<Record<string, string>> = {
  '\\': '\\',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\x0b',
};

/** What dash's echo, and `echo -e`, make of a text: they read escapes (POSIX.1-2017, echo, XSI). `\c` ends it. */
function echoed(text: string): string {
  return text
    .replace(/\\c.*/s, '')
    .replace(/\\(?:0([0-7]{1,3})|(.))/gs, (whole, octal: string | undefined, letter: string | undefined) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      return ECHO[letter ?? ''] ?? whole;
    });
}

const component = percent("-_.!~*'()", '%20', true);

/** All that is known here. Most leave most texts as they are. */
export const ESCAPES: readonly Escape[] = [
  ...PERCENT.flatMap(([kept, space]) => [percent(kept, space, true), percent(kept, space, false)]),
  (text) => component(component(text)), // an address within an address
  ...JSON_ESCAPES,
  (text) => jsonPlain(jsonPlain(text)),
  (text) => jsonAscii(jsonAscii(text)),
  ...SHELL_ESCAPES,
  ...XML.map(([double, single]) =>
    escaping(each({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': double, "'": single })),
  ),
  ...OTHER_ESCAPES,
  words,
  echoed,
  (text) => echoed(words(text)),
];
