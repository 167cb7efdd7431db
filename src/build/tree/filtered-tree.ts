// A context as a build sees it: without what its ignore file leaves out.

import type { PatternList } from '../pattern/pattern-list.ts';
import type { ExtendedAttribute, Tree, TreeEntry } from './tree.ts';

export class FilteredTree implements Tree {
  readonly name: string;
  readonly directory?: string;
  readonly #tree: Tree;
  readonly #ignored: PatternList;

  constructor(tree: Tree, ignored: PatternList) {
    this.name = tree.name;
    if (tree.directory !== undefined) this.directory = tree.directory;
    this.#tree = tree;
    this.#ignored = ignored;
  }

  async find(path: string): Promise<TreeEntry | undefined> {
    if (path === '') return this.#tree.find(path);
    if (!this.#isIgnored(path)) return this.#tree.find(path);
    // An ignored directory is there for what is taken back below it.
    if (this.#ignored.coversAllBelow(path)) return undefined;
    const entry = await this.#tree.find(path);
    return entry?.type === 'directory' && (await this.#hasContent(path)) ? entry : undefined;
  }

  #isIgnored(path: string): boolean {
    return this.#ignored.matches(path);
  }

  async #hasContent(directory: string): Promise<boolean> {
    return (await this.list(directory)).length > 0;
  }

  async list(path: string): Promise<readonly string[]> {
    const names = await this.#tree.list(path);
    const kept: string[] = [];
    for (const name of names) {
      const child = path === '' ? name : `${path}/${name}`;
      if (!this.#isIgnored(child)) kept.push(name);
      else if (!this.#ignored.coversAllBelow(child) && (await this.find(child))) kept.push(name);
    }
    return kept;
  }

  /** The file is there, and left out. */
  async hides(path: string): Promise<boolean> {
    return (await this.find(path)) === undefined && (await this.#tree.find(path)) !== undefined;
  }

  read(entry: TreeEntry): AsyncIterable<Uint8Array> {
    return this.#tree.read(entry);
  }

  attributes(entry: TreeEntry): readonly ExtendedAttribute[] {
    return this.#tree.attributes(entry);
  }
}
