// One YAML document as a tree with places: scalars as Compose reads them, aliases and merge keys expanded, each use with
// a copy of its own.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { DiagnosticCode } from '../diagnostic/diagnostic-code.ts';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import type { Place, SourceText } from './source-text.ts';
import {
  copyEntry,
  isList,
  isMapping,
  keyPlace,
  type List,
  type Mapping,
  newList,
  newMapping,
  type OverrideTag,
  pushItem,
  setEntry,
  tagEntry,
  tagsOf,
  type Value,
} from './tree.ts';
import { resolvePlainScalar } from './yaml-scalar.ts';

/** Nodes that aliases may add to one file. A bomb stops here; the largest sane files stay far below. */
const aliasBudget = 1_000_000;
export const depthLimit = 200;

export class TreeBuilder {
  private readonly source: SourceText;
  private readonly diagnostics: Diagnostics;
  private readonly anchors = new Map<string, Node>();
  private readonly open = new Set<Node>();
  private aliasDepth = 0;
  private aliasNodes = 0;
  private depth = 0;
  private failed = false;

  constructor(source: SourceText, diagnostics: Diagnostics) {
    this.source = source;
    this.diagnostics = diagnostics;
  }

  build(document: Document): Mapping | undefined {
    const root = document.contents as Node | null;
    if (!root) return undefined;
    const value = this.value(root);
    if (this.failed || value === null || value === undefined) return undefined;
    if (isMapping(value)) return value;
    this.fail('yaml-root', 'a Compose file must be a mapping at its top', root, [
      'start it with `services:`',
    ]);
    return undefined;
  }

  private value(node: Node): Value | undefined {
    if (this.failed) return undefined;
    if (this.aliasDepth > 0 && ++this.aliasNodes > aliasBudget) {
      return this.fail('yaml-alias-limit', `aliases expand to more than ${aliasBudget} values`, node, [
        'anchors that repeat each other grow exponentially: spell some of them out',
      ]);
    }
    if (isAlias(node)) return this.alias(node);
    if (isScalar(node)) {
      this.define(node);
      return this.scalar(node as { value: unknown; type?: string; tag?: string } & Node);
    }
    if (++this.depth > depthLimit) {
      return this.fail('yaml-depth', `values are nested more than ${depthLimit} deep`, node);
    }
    this.define(node);
    this.open.add(node);
    const value = isMap(node) ? this.mapping(node) : this.list(node as YAMLSeq);
    this.open.delete(node);
    this.depth--;
    return value;
  }

  private define(node: Node): void {
    const anchor = (node as { anchor?: string }).anchor;
    if (anchor && this.aliasDepth === 0) this.anchors.set(anchor, node);
  }

  private alias(node: Node & { source: string }): Value | undefined {
    const target = this.anchors.get(node.source);
    if (!target) {
      return this.fail('yaml-alias', `no anchor &${node.source} stands before this alias`, node);
    }
    if (this.open.has(target)) {
      return this.fail('yaml-alias', `the alias *${node.source} is inside its own anchor`, node);
    }
    this.aliasDepth++;
    const value = this.value(target);
    this.aliasDepth--;
    return value;
  }

  private scalar(node: { value: unknown; type?: string; tag?: string } & Node): Value {
    const text = textOf(node.value);
    if (node.tag === undefined || isOverrideTag(node.tag)) {
      return node.type === 'PLAIN' ? resolvePlainScalar(text) : text;
    }
    switch (node.tag) {
      case 'tag:yaml.org,2002:int':
      case 'tag:yaml.org,2002:float':
      case 'tag:yaml.org,2002:bool':
      case 'tag:yaml.org,2002:null':
        return resolvePlainScalar(text);
      default:
        return text;
    }
  }

  private list(node: YAMLSeq): List {
    const list = newList(this.placeOf(node));
    for (const item of node.items as Node[]) {
      if ((item as { tag?: string }).tag === '!reset') {
        this.diagnostics.warn({
          code: 'reset-on-list-item',
          message: '!reset has no effect on an item of a list',
          at: this.placeOf(item),
          hints: ['put !reset or !override on the list itself'],
        });
        continue;
      }
      const value = this.value(item);
      if (value !== undefined) pushItem(list, value, this.placeOf(item));
    }
    return list;
  }

  private mapping(node: YAMLMap): Mapping {
    const mapping = newMapping(this.placeOf(node));
    const merges: Value[] = [];
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const key = this.key(pair.key);
      if (key === undefined) continue;
      if (key === '<<' && isPlain(pair.key)) {
        this.collectMerge(pair, merges);
        continue;
      }
      this.entry(mapping, key, pair);
    }
    for (const merged of merges) if (isMapping(merged)) inherit(mapping, merged);
    return mapping;
  }

  private entry(mapping: Mapping, key: string, pair: Pair<Node, Node | null>): void {
    const keyAt = this.placeOf(pair.key);
    if (key in mapping || tagsOf(mapping)?.has(key)) {
      const first = this.source.positionAt(keyPlace(mapping, key) - this.source.base);
      this.report('yaml-duplicate-key', `the key \`${key}\` stands twice in this mapping`, pair.key, [
        `remove or rename one of the two: the first is at line ${first.line}`,
      ]);
      return;
    }
    const value = pair.value ? this.value(pair.value) : null;
    if (value === undefined) return;
    const tag = this.overrideTag(pair.value);
    if (tag) tagEntry(mapping, key, tag);
    if (tag === '!reset') return;
    setEntry(mapping, key, value, this.valuePlace(pair, keyAt), keyAt);
  }

  private overrideTag(node: Node | null | undefined): OverrideTag | undefined {
    if (!node) return undefined;
    const target = isAlias(node) ? this.anchors.get(node.source) : node;
    const tag = (target as { tag?: string } | undefined)?.tag;
    return isOverrideTag(tag) ? tag : undefined;
  }

  private collectMerge(pair: Pair<Node, Node | null>, merges: Value[]): void {
    const value = pair.value ? this.value(pair.value) : null;
    if (value === undefined) return;
    const sources = isList(value) ? [...value] : [value];
    if (sources.every(isMapping)) merges.push(...sources);
    else this.report('yaml-merge', '`<<` takes a mapping, or a list of mappings', pair.value ?? pair.key);
  }

  private key(node: Node): string | undefined {
    const value = this.value(node);
    if (typeof value === 'string') return value;
    const what =
      value === null ? 'empty' : typeof value === 'object' ? 'a collection' : `the ${typeof value} ${value}`;
    if (!this.failed) {
      this.report('yaml-key', `a key must be text, and this one is ${what}`, node, ['put it in quotes']);
    }
    return undefined;
  }

  /** A block collection starts on the line below its key; what a reader looks for is the key. */
  private valuePlace(pair: Pair<Node, Node | null>, keyAt: Place): Place {
    const node = pair.value;
    if (!node?.range) return keyAt;
    const isBlock = (isMap(node) || isSeq(node)) && !node.flow;
    const isAbsent = isScalar(node) && node.range[0] === node.range[1];
    return isBlock || isAbsent ? keyAt : this.placeOf(node);
  }

  private placeOf(node: Node): Place {
    return this.source.base + (node.range?.[0] ?? 0);
  }

  private report(code: YamlCode, message: string, node: Node, hints: string[] = []): void {
    this.diagnostics.error({ code, message, at: this.placeOf(node), hints });
  }

  /** Reports, and gives up on the document. */
  private fail(code: YamlCode, message: string, node: Node, hints: string[] = []): undefined {
    this.failed = true;
    this.report(code, message, node, hints);
  }
}

type YamlCode = Extract<DiagnosticCode, `yaml-${string}`>;

function isOverrideTag(tag: string | undefined): tag is OverrideTag {
  return tag === '!reset' || tag === '!override';
}

/** `!!binary` is bytes here, and the text that they are in a Compose file. */
function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value ?? '');
}

function isPlain(node: Node): boolean {
  return isScalar(node) && node.type === 'PLAIN';
}

/** Entries of a merged mapping (`<<`) that the mapping does not have itself. */
function inherit(mapping: Mapping, merged: Mapping): void {
  for (const key of Object.keys(merged)) {
    if (key in mapping || tagsOf(mapping)?.has(key)) continue;
    copyEntry(merged, key, mapping);
    const tag = tagsOf(merged)?.get(key);
    if (tag) tagEntry(mapping, key, tag);
  }
  for (const [key, tag] of tagsOf(merged) ?? []) {
    if (tag === '!reset' && !(key in mapping) && !tagsOf(mapping)?.has(key)) tagEntry(mapping, key, tag);
  }
}
