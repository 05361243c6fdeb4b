// Object storage on an origin of its own, as S3 is behind GitLab: addresses are signed, and for some minutes only.

import { createHmac } from 'node:crypto';
import type http from 'node:http';
import { file } from './reply.ts';
import type { Content } from './state.ts';

export interface Storage {
  /** A signed address of a file. */
  readonly sign: (content: Content, origin: string) => string;
  readonly serve: (request: http.IncomingMessage, response: http.ServerResponse) => Promise<void>;
  /** Milliseconds since 1970; ahead of this machine's, so that addresses expire. */
  ahead: number;
  /** Cuts each answer after so many bytes of its body. */
  cutAfter: number | undefined;
  /** Bytes a second; as fast as it goes unless said. */
  pace: number | undefined;
}

const LIFE = 600_000;
const KEY = 'the storage and GitLab share it';

/** Makes a storage for whatever is signed. */
export function createStorage(): Storage {
  const contents = new Map<string, Content>();
  const signature = (text: string) => createHmac('sha256', KEY).update(text).digest('hex');
  const storage: Storage = {
    ahead: 0,
    cutAfter: undefined,
    pace: undefined,
    sign: (content, origin) => {
      contents.set(content.sha256, content);
      const path = `/packages/${content.sha256}`;
      const expires = Date.now() + LIFE;
      return `${origin}${path}?X-Amz-Expires=${expires}&X-Amz-Signature=${signature(`${path} ${expires}`)}`;
    },
    serve: async (request, response) => {
      const url = new URL(request.url ?? '/', 'https://storage');
      const expires = url.searchParams.get('X-Amz-Expires') ?? '';
      const content = contents.get(url.pathname.split('/').at(-1) ?? '');
      if (url.searchParams.get('X-Amz-Signature') !== signature(`${url.pathname} ${expires}`)) {
        return refuse(response, 'SignatureDoesNotMatch');
      }
      if (Number(expires) < Date.now() + storage.ahead || content === undefined) {
        return refuse(response, 'AccessDenied');
      }
      await file(request, response, content, {
        etag: `"${content.sha256.slice(0, 32)}"`,
        headers: { server: 'AmazonS3' },
        cutAfter: storage.cutAfter,
        pace: storage.pace,
      });
    },
  };
  return storage;
}

function refuse(response: http.ServerResponse, code: string): void {
  response.writeHead(403, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code></Error>`);
}
