// civault inject [FILE]: a template from a file or from standard input, its placeholders filled in.

import { constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { AppError, printable, quoted } from '../errors.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { type Io, orCutShort } from '../io.ts';
import { onlyArgument } from '../options.ts';
import { fill, parseTemplate, placeIn, type Template } from '../output/template.ts';
import { explained, type Reasons, systemError } from '../system-failure.ts';
import type { Command } from './command.ts';
import { resultWriter } from './result.ts';
import { withSecrets } from './vault-run.ts';

const LARGEST = 32 * 1024 * 1024;
const STDIN = 0;

export const inject: Command = {
  grammar: { values: ['output'] },
  run: async (line, context) => {
    const { io } = context;
    const file = line.positionals.length === 0 ? '-' : onlyArgument(line.positionals, 'inject', 'a FILE');
    const write = resultWriter(line, io);
    const template =
      file === '-'
        ? parseTemplate(await readInput(io), '<stdin>')
        : parseTemplate(await readFile(file, io), file);
    tellLookalikes(template, io);
    if (template.references.length === 0) {
      assertNotWide(template);
      io.writeMessage(`note: ${printable(template.name)} holds no {{ civault REF }}: it is written as it is`);
      write(template.bytes);
      return EXIT_OK;
    }
    await withSecrets(template.references, line.flags, context, (secrets) => {
      write(
        fill(
          template,
          secrets.map(({ fields }) => fields),
        ),
      );
    });
    return EXIT_OK;
  },
};

function tellLookalikes({ lookalikes, ...template }: Template, io: Io): void {
  const [first, ...more] = lookalikes;
  if (first === undefined) return;
  const others = more.length === 0 ? '' : `, and ${more.length} more like it`;
  io.writeMessage(
    `warning: ${placeIn(template, first)}: this is left as it is${others}: a placeholder is written {{ civault REF }}`,
  );
}

// As PowerShell's > writes it: every placeholder is there to see, and none is found.
function assertNotWide({ bytes, name }: Template): void {
  const { buffer, byteOffset, length } = bytes;
  const text = Buffer.from(buffer, byteOffset, length);
  if (!text.includes(0) || !/\{\{\s*civault\s/.test(text.toString('latin1').replaceAll('\0', ''))) return;
  throw new AppError(
    'CONFIG',
    `cannot fill ${printable(name)}: it is UTF-16, or another encoding of more than a byte a character`,
    'write it as UTF-8: iconv -f UTF-16 -t UTF-8',
  );
}

async function readInput(io: Io): Promise<Uint8Array> {
  if (isatty(STDIN)) io.writeMessage('note: the template is awaited on standard input: Ctrl-D ends it');
  const bytes = await orCutShort(
    attempt('standard input', () => collect(io.input())),
    io,
  );
  if (bytes.length > 0) return bytes;
  // What a job's script has for its standard input, and what a command before a | leaves when it failed.
  throw new AppError(
    'USAGE',
    'there is no template: standard input is empty',
    'name a FILE, or see what became of the command that should have written it',
  );
}

async function readFile(file: string, io: Io): Promise<Uint8Array> {
  let stream: Readable | undefined;
  const work = attempt(`the template ${quoted(file)}`, () => {
    stream = openFile(file);
    return collect(stream);
  });
  try {
    return await orCutShort(work, io);
  } finally {
    stream?.destroy();
  }
}

// A pipe is opened and awaited without a thread of its own: one that waited in the system could not be ended.
function openFile(file: string): Readable {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  if (fstatSync(fd).isFIFO()) return new Socket({ fd, readable: true, writable: false });
  return createReadStream('', { fd, highWaterMark: 1024 * 1024 });
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > LARGEST) throw systemError('EFBIG');
    all.push(piece);
  }
  return Buffer.concat(all, length);
}

const REASONS: Reasons = {
  ENOENT: ['there is no such file', 'a relative path is taken from the folder that the job is in'],
  ENOTDIR: ['a part of its path is no folder'],
  EISDIR: ['that is a folder', 'name a file in it'],
  EACCES: ['this user may not read it'],
  EPERM: ['this user may not read it'],
  ELOOP: ['its symbolic links go in a circle'],
  ENAMETOOLONG: ['its name is too long'],
  ENXIO: ['it is a socket, or a device that is not there', 'standard input is read without a FILE, or as -'],
  EFBIG: ['it is larger than 32 MiB, which no template is'],
};

async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explained(error, 'CONFIG', `cannot read ${what}`, REASONS);
  }
}
