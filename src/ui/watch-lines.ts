// What a watch tells of itself, a line each.

import { relative } from 'node:path';
import type { WatchNotice } from '../app/watch/watch-notice.ts';
import { hideControls } from './printable.ts';

const mostPaths = 3;

/** `directory`: paths are shown relative to it where they are below it. Ends with a newline, or is empty. */
export function renderWatchNotice(notice: WatchNotice, directory: string): string {
  const text = describeNotice(notice, (paths) => listPaths(paths, directory));
  return text === '' ? '' : `watch: ${hideControls(text)}\n`;
}

export function renderWatchNoticeAsJson(notice: WatchNotice): string {
  return notice.type === 'failed' ? '' : `${JSON.stringify({ watch: true, ...notice })}\n`;
}

function describeNotice(notice: WatchNotice, list: (paths: readonly string[]) => string): string {
  switch (notice.type) {
    case 'enabled':
      return `enabled for ${notice.services.join(', ')} (${count(notice.rules, 'rule')}); Ctrl-C ends it`;
    case 'rebuilding':
      return `${notice.services.join(', ')}: rebuilding, since ${list(notice.paths)} changed`;
    case 'rebuilt':
      return notice.isNew
        ? `${notice.service}: rebuilt, and runs the new image`
        : `${notice.service}: the image is the same as before, nothing was recreated`;
    case 'synced':
      return describeSync(notice, list);
    case 'restarted':
      return `${notice.services.join(', ')}: restarted`;
    case 'ran':
      return `${notice.container}: ran ${notice.command.join(' ')}`;
    case 'no-container':
      return `${notice.service}: has no container; \`tcompose up -d ${notice.service}\` makes one`;
    case 'postponed':
      return `${notice.service}: ${notice.container} is not running right now; it gets the changes when it starts`;
    case 'project-changed':
      return `${list(notice.paths)} changed: what it says counts when the command is given again`;
    case 'failed':
      return notice.services.length === 0
        ? ''
        : `${notice.services.join(', ')}: the following failed; watching goes on`;
    case 'ended':
      return 'ended';
  }
}

function describeSync(
  { containers, copied, isInitial, paths, removed, service }: Extract<WatchNotice, { type: 'synced' }>,
  list: (paths: readonly string[]) => string,
): string {
  const parts = [
    ...(copied > 0 || removed === 0 ? [`synced ${count(copied, 'file')}`] : []),
    ...(removed > 0 ? [`removed ${removed}`] : []),
  ];
  const why = isInitial ? 'what was not there yet' : list(paths);
  return `${service}: ${parts.join(', ')} in ${containers.join(', ')} (${why})`;
}

function listPaths(paths: readonly string[], directory: string): string {
  const shown = paths.slice(0, mostPaths).map((path) => {
    const inside = relative(directory, path);
    return inside === '' || inside.startsWith('..') ? path : inside;
  });
  const more = paths.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
