// What the commands about images print, byte for byte: each file in test/golden/image-screen says in YAML what there is.

import { describe } from 'vitest';
import { parse } from 'yaml';
import { TcError } from '../../../src/base/error.ts';
import { renderHistory } from '../../../src/ui/image/image-history.ts';
import { renderImageInspection } from '../../../src/ui/image/image-inspect.ts';
import { renderImages } from '../../../src/ui/image/image-list.ts';
import {
  renderLoaded,
  renderPruned,
  renderPulled,
  renderPushed,
  renderRemoved,
} from '../../../src/ui/image/image-results.ts';
import { renderFound, renderNames } from '../../../src/ui/image/repository-list.ts';
import { testGoldenFiles } from '../../golden/golden-file.ts';

const now = Date.parse('2026-01-01T01:00:00Z');

type Parameters1<F extends (...parameters: never[]) => unknown> = Parameters<F>[0];

interface Scene {
  ls?: Parameters1<typeof renderImages>;
  history?: Parameters1<typeof renderHistory>;
  inspect?: Parameters1<typeof renderImageInspection>;
  search?: Parameters1<typeof renderFound>;
  names?: string[];
  pulled?: Parameters1<typeof renderPulled>;
  pushed?: Parameters1<typeof renderPushed>;
  loaded?: Parameters1<typeof renderLoaded>;
  removed?: Parameters1<typeof renderRemoved>;
  pruned?: Parameters1<typeof renderPruned>;
  options?: Record<string, never>;
}

function show(text: string): string {
  const { options = {}, ...scene } = parse(text) as Scene;
  const quiet = Boolean(options['quiet']);
  try {
    return [
      scene.ls && renderImages(scene.ls, { now, ...options }),
      scene.history && renderHistory(scene.history, { now, human: true, ...options }),
      scene.inspect && renderImageInspection(scene.inspect, options['format']),
      scene.search && renderFound(scene.search, options),
      scene.names && renderNames(scene.names, 'Repository', options),
      scene.pulled && renderPulled(scene.pulled, { quiet }),
      scene.pushed && renderPushed(scene.pushed, { quiet }),
      scene.loaded && renderLoaded(scene.loaded),
      scene.removed && renderRemoved(scene.removed),
      scene.pruned && renderPruned(scene.pruned),
    ]
      .filter((part) => part !== undefined)
      .join('')
      .replaceAll('\u001b', '␛');
  } catch (error) {
    if (!(error instanceof TcError)) throw error;
    return `error ${error.code}: ${error.message}\n`;
  }
}

describe('what is printed of images', () => testGoldenFiles('image-screen', show));
