// Which environment variables a binary can read, found in the file itself: in its machine code by what is given to getenv
// and its like, in Node's own JavaScript by its text. A new base may read new ones.

const NAME = /^[\0A-Za-z_][A-Za-z0-9_]+$/;
// `lea rdi, [rip + …]` gives a function its first argument, here the address of a name; `call …` follows soon.
const LEA = Buffer.from([0x48, 0x8d, 0x3d]);
const CALL = 0xe8;
const NEAR = 64;

// A name that each of the functions is called with, as no other function is: libc's getenv, OpenSSL's ossl_safe_getenv, and
// Node's SafeGetenv. The last one's are silenced (build/adapt.ts): their first letter is gone.
const GETENVS = ['RES_OPTIONS', 'RANDFILE', '\0ODE_EXTRA_CA_CERTS'];

/** Those that C and C++ code asks for by a fixed name, and those that Node's JavaScript does. */
export interface ReadVariables {
  readonly native: ReadonlySet<string>;
  readonly script: ReadonlySet<string>;
  /** Names that no environment has, as their first letter was taken: what is left of them. */
  readonly silenced: ReadonlySet<string>;
}

/** Finds them in a file for amd64. */
export function readVariables(file: Buffer): ReadVariables {
  const elf = file.subarray(0, Number(file.readBigUInt64LE(0x28)) + 64 * file.readUInt16LE(0x3c));
  const native = new Set<string>();
  const silenced = new Set<string>();
  const calls = callsWithNames(elf);
  for (const known of GETENVS) {
    const [names] = [...calls.values()].filter((each) => each.has(known));
    if (names === undefined) throw new Error(`no function is called with ${known}`);
    for (const name of names) {
      if (name.startsWith('\0')) silenced.add(name.slice(1));
      else native.add(name);
    }
  }
  // Behind the base stands the bundle, which is civault's own.
  const script = elf.toString('latin1').matchAll(/\benv(?:\.|\[')([A-Za-z_]\w+)/g);
  return { native, silenced, script: new Set([...script].map(([, name]) => name ?? '')) };
}

// Functions by their addresses, each with the names that it is given.
function callsWithNames(elf: Buffer): Map<number, Set<string>> {
  const text = section(elf, '.text');
  const data = section(elf, '.rodata');
  const calls = new Map<number, Set<string>>();
  for (let at = elf.indexOf(LEA, text.start); at >= 0 && at < text.end; at = elf.indexOf(LEA, at + 1)) {
    const next = at + 7;
    const pointed = next + elf.readInt32LE(at + 3);
    if (pointed < data.start || pointed >= data.end) continue;
    const name = elf.toString('latin1', pointed, elf.indexOf(0, pointed + 1));
    if (name.length > 60 || !NAME.test(name)) continue;
    const target = callAfter(elf, next, text);
    if (target !== undefined) calls.set(target, (calls.get(target) ?? new Set()).add(name));
  }
  return calls;
}

function callAfter(elf: Buffer, from: number, { start, end }: Range): number | undefined {
  for (let at = from; at < from + NEAR; at += 1) {
    if (elf[at] !== CALL) continue;
    const target = at + 5 + elf.readInt32LE(at + 1);
    if (target >= start && target < end) return target;
  }
  return undefined;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

// In the static base these two are loaded where they stand in the file (elf(5)).
function section(elf: Buffer, wanted: string): Range {
  const headers = Number(elf.readBigUInt64LE(0x28));
  const header = (index: number) => elf.subarray(headers + 64 * index, headers + 64 * (index + 1));
  const offset = (one: Buffer) => Number(one.readBigUInt64LE(0x18));
  const names = offset(header(elf.readUInt16LE(0x3e)));
  for (let index = 0; index < elf.readUInt16LE(0x3c); index += 1) {
    const one = header(index);
    const at = names + one.readUInt32LE(0);
    if (elf.toString('latin1', at, elf.indexOf(0, at)) !== wanted) continue;
    if (one.readBigUInt64LE(0x10) !== one.readBigUInt64LE(0x18)) throw new Error(`${wanted} is moved`);
    return { start: offset(one), end: offset(one) + Number(one.readBigUInt64LE(0x20)) };
  }
  throw new Error(`there is no ${wanted}`);
}
