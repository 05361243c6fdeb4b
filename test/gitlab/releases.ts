// The releases API of the stand-in (GitLab's documentation, "Releases API" and "Release links API").

import type http from 'node:http';
import { json, Refusal, redirect } from './reply.ts';
import type { Link, Project, Release } from './state.ts';

/** Answers a request below `/projects/ID/releases`. */
export function releases(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  project: Project,
  segments: readonly string[],
  origin: string,
): void {
  const [tag, kind, ...rest] = segments;
  if (request.method !== 'GET') throw new Refusal(405, { error: '405 Not Allowed' });
  const byDate = [...project.releases.values()].sort((one, other) => other.released - one.released);
  if (tag === undefined) {
    const all = byDate.map((each) => shown(each, project, origin));
    json(response, 200, all);
  } else if (tag === 'permalink' && kind === 'latest') {
    const [latest] = byDate;
    if (latest === undefined) throw new Refusal(404, '404 Not Found');
    const path = [latest.tag, ...rest].map(encodeURIComponent).join('/');
    redirect(response, `${origin}/api/v4/projects/${project.id}/releases/${path}`);
  } else {
    const release = project.releases.get(tag);
    if (release === undefined) throw new Refusal(404, '404 Not Found');
    const link = release.links.find(({ filepath }) => filepath === `/${rest.join('/')}`);
    if (kind === undefined) json(response, 200, shown(release, project, origin));
    else if (kind === 'downloads' && link !== undefined) redirect(response, link.url);
    else throw new Refusal(404, '404 Not Found');
  }
}

/** Makes a release of links as the `release:` keyword has them. */
export function makeRelease(
  project: Project,
  tag: string,
  released: number,
  links: readonly { name: string; url: string; filepath?: string; link_type?: string }[],
): void {
  project.releases.set(tag, {
    tag,
    released,
    links: links.map(({ name, url, filepath, link_type }, index) => ({
      id: index + 1,
      name,
      url,
      filepath,
      linkType: link_type ?? 'other',
    })),
  });
}

function shown({ tag, released, links }: Release, project: Project, origin: string): object {
  const page = `${origin}/${project.path}/-`;
  const date = new Date(released).toISOString();
  return {
    name: tag,
    tag_name: tag,
    description: '',
    created_at: date,
    released_at: date,
    upcoming_release: false,
    author: { id: 1, username: 'release-bot' },
    commit: { id: '2695effb5807a22ff3d138d593fd856244e155e7', title: 'Release' },
    assets: {
      count: links.length + 4,
      sources: ['zip', 'tar.gz', 'tar.bz2', 'tar'].map((format) => ({
        format,
        url: `${page}/archive/${encodeURIComponent(tag)}/${project.path.split('/').at(-1)}-${tag}.${format}`,
      })),
      links: [...links].reverse().map((link) => shownLink(link, tag, page)),
    },
    evidences: [],
    _links: { self: `${page}/releases/${encodeURIComponent(tag)}` },
  };
}

function shownLink({ id, name, url, filepath, linkType }: Link, tag: string, page: string): object {
  const direct =
    filepath === undefined
      ? url
      : `${page}/releases/${encodeURIComponent(tag)}/downloads${encodeURI(filepath)}`;
  return { id, name, url, direct_asset_url: direct, link_type: linkType };
}
