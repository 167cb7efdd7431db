import { describe, expect, it } from 'vitest';
import type { WatchNotice } from '../../../src/app/watch/watch-notice.ts';
import { renderWatchNotice, renderWatchNoticeAsJson } from '../../../src/ui/watch-lines.ts';

const synced = {
  type: 'synced',
  service: 'web',
  containers: ['p-web-1', 'p-web-2'],
  isInitial: false,
} as const;

const cases: readonly (readonly [WatchNotice, string])[] = [
  [{ type: 'enabled', services: ['web', 'api'], rules: 1 }, 'enabled for web, api (1 rule); Ctrl-C ends it'],
  [
    { ...synced, copied: 1, removed: 0, paths: ['/p/src/a'] },
    'web: synced 1 file in p-web-1, p-web-2 (src/a)',
  ],
  [
    { ...synced, copied: 4, removed: 2, paths: ['/p/a', '/q/b', '/p/c', '/p/d', '/p/e'] },
    'web: synced 4 files, removed 2 in p-web-1, p-web-2 (a, /q/b, c and 2 more)',
  ],
  [
    { ...synced, copied: 0, removed: 1, paths: ['/p/\u001b[2J'] },
    'web: removed 1 in p-web-1, p-web-2 (?[2J)',
  ],
  [
    { ...synced, copied: 9, removed: 0, paths: [], isInitial: true },
    'web: synced 9 files in p-web-1, p-web-2 (what was not there yet)',
  ],
  [
    { type: 'rebuilding', services: ['web'], paths: ['/p/Dockerfile'] },
    'web: rebuilding, since Dockerfile changed',
  ],
  [{ type: 'rebuilt', service: 'web', isNew: true }, 'web: rebuilt, and runs the new image'],
  [
    { type: 'rebuilt', service: 'web', isNew: false },
    'web: the image is the same as before, nothing was recreated',
  ],
  [{ type: 'ran', container: 'p-web-1', command: ['nginx', '-s'] }, 'p-web-1: ran nginx -s'],
  [
    { type: 'project-changed', paths: ['/p/compose.yaml'] },
    'compose.yaml changed: what it says counts when the command is given again',
  ],
  [
    { type: 'failed', services: ['web'], error: new Error('x') },
    'web: the following failed; watching goes on',
  ],
];

describe('the lines of a watch', () => {
  it.each(cases)('%j', (notice, line) => {
    expect(renderWatchNotice(notice, '/p')).toBe(`watch: ${line}\n`);
  });

  it('leave errors about no service to speak for themselves', () => {
    const notice: WatchNotice = { type: 'failed', services: [], error: new Error('x') };
    expect([renderWatchNotice(notice, '/p'), renderWatchNoticeAsJson(notice)]).toEqual(['', '']);
  });

  it('are objects for programs', () => {
    const text = renderWatchNoticeAsJson({ type: 'restarted', services: ['web'] });
    expect(text).toBe('{"watch":true,"type":"restarted","services":["web"]}\n');
  });
});
