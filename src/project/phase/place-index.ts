// Where values of the finished model were written.

import type { SourcePosition } from '../../base/error.ts';
import type { PositionIndex } from '../model.ts';
import type { Place, Sources } from '../text/source-text.ts';
import { findPlace, type Mapping, type Path } from '../text/tree.ts';

/** The finished tree, and the values that came from env and label files. */
export class PlaceIndex implements PositionIndex {
  private readonly root: Mapping;
  private readonly sources: Sources;
  private readonly added = new Map<string, Place>();

  constructor(root: Mapping, sources: Sources) {
    this.root = root;
    this.sources = sources;
  }

  at(path: Path): SourcePosition | undefined {
    return this.positionOf(this.find(path));
  }

  positionOf(place: Place): SourcePosition | undefined {
    return this.sources.positionOf(place);
  }

  /** The text of a file that was read, for excerpts. */
  textOf(file: string): string | undefined {
    return this.sources.find(file)?.text;
  }

  find(path: Path): Place {
    return this.added.get(path.join('\0')) ?? findPlace(this.root, path);
  }

  add(path: Path, place: Place): void {
    this.added.set(path.join('\0'), place);
  }
}
