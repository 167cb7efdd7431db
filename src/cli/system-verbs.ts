// The verbs about the whole instance: none of them looks for a project.

import type { VerbEntry } from './verb-table.ts';

export const systemVerbs: Readonly<Record<string, VerbEntry>> = {
  'system check': {
    summary: 'Compare disk and kernel, and mend what a crash left',
    projectless: true,
    load: () => import('./commands/system-check.ts'),
  },
  'system install-service': {
    summary: 'Write the service that brings containers back after a reboot',
    projectless: true,
    load: () => import('./commands/system-install-service.ts'),
  },
  'system restore': {
    summary: 'Start what its restart policy brings back after a reboot',
    projectless: true,
    load: () => import('./commands/system-restore.ts'),
  },
  'system stop': {
    summary: 'Stop everything before a shutdown, so that it comes back',
    projectless: true,
    load: () => import('./commands/system-stop.ts'),
  },
  'system uninstall-service': {
    summary: 'Remove the service that install-service wrote',
    projectless: true,
    load: () => import('./commands/system-uninstall-service.ts'),
  },
};
