// A small file of a release, such as its list of digests, as text.

import type { GitlabApi } from '../gitlab/api.ts';
import type { Asset } from '../gitlab/releases.ts';
import { isPage, isUnprotected, LINKED, linkOf, pageInstead, refusedFile, unprotected } from './link.ts';

/**
 * Fetches an asset whole.
 * @throws {AppError} ASSET_NOT_FOUND, PERMISSION_DENIED, BAD_RESPONSE, UNAVAILABLE or TLS_UNTRUSTED
 */
export async function fetchText(api: GitlabApi, asset: Asset): Promise<string> {
  const link = linkOf(asset, api);
  // Whoever can change it could change the files as well.
  if (isUnprotected(link, api)) throw unprotected(asset.name);
  const response = await api.fetch(link);
  if (isPage(response, asset.name, link)) throw pageInstead(link, asset.name, api);
  if (response.status !== 200) throw refusedFile(response, { name: asset.name, claim: LINKED }, api.token);
  return response.body.toString();
}
