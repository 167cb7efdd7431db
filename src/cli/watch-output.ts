// How a watch is shown: lines on standard error between whatever else is told there.

import type { OnWatchNotice } from '../app/watch/watch-notice.ts';
import { renderWatchNotice, renderWatchNoticeAsJson } from '../ui/watch-lines.ts';
import type { Session } from './session.ts';

export function showWatch({ context, display }: Session): OnWatchNotice {
  return (notice) => {
    const text = display.isJson
      ? renderWatchNoticeAsJson(notice)
      : renderWatchNotice(notice, context.selection.workingDir);
    if (text !== '') display.tell(text);
    if (notice.type === 'failed') display.fail(notice.error);
  };
}
