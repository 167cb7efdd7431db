import type { Tree } from '../tree/tree.ts';

/** A tree, and what tells it from others without looking into it: the chain of its layers; undefined for contexts. */
export interface OpenedSource {
  readonly tree: Tree;
  readonly identity?: string;
}
