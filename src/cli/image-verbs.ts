// The verbs about images, registries and single containers: none of them looks for a project.

import type { VerbEntry } from './verb-table.ts';

type Load = VerbEntry['load'];

function verb(summary: string, load: Load, aliases: readonly string[] = []): VerbEntry {
  return { summary, load, projectless: true, ...(aliases.length > 0 && { aliases }) };
}

export const containerVerbs: Readonly<Record<string, VerbEntry>> = {
  'container commit': verb(
    'Make an image of what a container has changed',
    () => import('./commands/container-commit.ts'),
  ),
  'container export': verb(
    'Write the files of a container as a tar',
    () => import('./commands/container-export.ts'),
  ),
  'container inspect': verb(
    'Print all that is known of containers',
    () => import('./commands/container-inspect.ts'),
    ['inspect'],
  ),
};

export const builderVerbs: Readonly<Record<string, VerbEntry>> = {
  'builder prune': verb(
    'Remove steps of builds that are kept for the next one',
    () => import('./commands/builder-prune.ts'),
  ),
};

/** Docker's short forms stand beside them where Docker Compose has no verb of that name. */
export const imageVerbs: Readonly<Record<string, VerbEntry>> = {
  'image history': verb('Show how an image was made', () => import('./commands/image-history.ts'), [
    'history',
  ]),
  'image import': verb(
    'Make an image of the tar of a root file system',
    () => import('./commands/image-import.ts'),
    ['import'],
  ),
  'image inspect': verb('Print all that is known of images', () => import('./commands/image-inspect.ts')),
  'image load': verb('Load images from an archive', () => import('./commands/image-load.ts'), ['load']),
  'image ls': verb('List images', () => import('./commands/image-ls.ts'), ['image list']),
  'image prune': verb('Remove images that nothing uses', () => import('./commands/image-prune.ts')),
  'image pull': verb('Get an image from a registry', () => import('./commands/image-pull.ts')),
  'image push': verb('Send an image to a registry', () => import('./commands/image-push.ts')),
  'image rm': verb('Remove images, or names of them', () => import('./commands/image-rm.ts'), [
    'image remove',
    'rmi',
  ]),
  'image save': verb('Write images to an archive', () => import('./commands/image-save.ts'), ['save']),
  'image search': verb('Search a registry', () => import('./commands/image-search.ts'), ['search']),
  'image tag': verb('Give an image one more name', () => import('./commands/image-tag.ts'), ['tag']),
};

export const registryVerbs: Readonly<Record<string, VerbEntry>> = {
  'registry ls': verb('List what a private registry has', () => import('./commands/registry-ls.ts')),
  'registry rm': verb('Remove images from a registry', () => import('./commands/registry-rm.ts')),
  'registry tags': verb('List the tags of a repository', () => import('./commands/registry-tags.ts')),
};

export const loginVerbs: Readonly<Record<string, VerbEntry>> = {
  login: verb('Log in to a registry', () => import('./commands/login.ts')),
  logout: verb('Forget the credentials of a registry', () => import('./commands/logout.ts')),
};
