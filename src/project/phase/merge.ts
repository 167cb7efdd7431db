// Phase: a later tree over an earlier one. Both are in long form. Source: compose-spec 13-merge.md.

import { type MergeRule, mergeRules } from '../attribute/merge-rules.ts';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import {
  cloneTree,
  copyEntry,
  describeKind,
  isList,
  isMapping,
  keyPlace,
  type List,
  type Mapping,
  pushItem,
  removeEntry,
  setEntry,
  tagEntry,
  tagsOf,
  untag,
  type Value,
  valuePlace,
} from '../text/tree.ts';
import type { Trace } from './trace.ts';

export interface MergeOptions {
  readonly diagnostics: Diagnostics;
  readonly interpolation: boolean;
  readonly trace?: Trace;
}

/** `over` over `base`, which is changed and returned; `over` is used up. Both are whole files. */
export function mergeProjects(base: Mapping, over: Mapping, options: MergeOptions): Mapping {
  return mergeMappings(base, over, mergeRules, [], options);
}

/** A service over the one that it extends. */
export function mergeService(base: Mapping, over: Mapping, name: string, options: MergeOptions): Mapping {
  const rule = mergeRules.children?.['services']?.each;
  return mergeMappings(base, over, rule, ['services', name], options);
}

/** One entry on its way from `over` to `base`. */
interface Entry {
  readonly base: Mapping;
  readonly over: Mapping;
  readonly key: string;
  readonly path: readonly string[];
  readonly rule: MergeRule | undefined;
  /** The later value stands as it is: by its tag, or by the attribute's rule. */
  readonly replaces: boolean;
  readonly options: MergeOptions;
}

/**
 * The result has the tags of `over` and not those of `base`: a file that is merged next is reset by what the last one
 * says, not by what an earlier one said.
 */
function mergeMappings(
  base: Mapping,
  over: Mapping,
  rule: MergeRule | undefined,
  path: readonly string[],
  options: MergeOptions,
): Mapping {
  untag(base);
  for (const [key, tag] of tagsOf(over) ?? []) {
    if (tag === '!reset') removeEntry(base, key);
  }
  for (const key of Object.keys(over)) {
    const own = rule?.children?.[key] ?? rule?.each;
    const isTagged = tagsOf(over)?.has(key) ?? false;
    const replaces = isTagged || own?.replace === true || rule?.replaceEach === true;
    mergeEntry({ base, over, key, path: [...path, key], rule: own, replaces, options });
  }
  for (const [key, tag] of tagsOf(over) ?? []) tagEntry(base, key, tag);
  return base;
}

function mergeEntry(entry: Entry): void {
  const { base, over, key, path, rule, options } = entry;
  const before = base[key];
  const after = over[key];
  if (before === undefined || before === null || entry.replaces) replaceEntry(entry);
  else if (after === undefined || after === null) return;
  else if (isMapping(before) && isMapping(after) && !isNamed(entry, after)) mergeNested(before, after, entry);
  else if (isList(before) && isList(after)) (rule?.combine ?? append)(before, after);
  else if (isScalar(before) && isScalar(after)) replaceEntry(entry);
  else if (rule?.toList) mergeAsLists(before, after, rule.toList, entry);
  else failMismatch(path, before, over, key, options);
}

function mergeNested(before: Mapping, after: Mapping, entry: Entry): void {
  if (entry.rule?.choose?.(before, after) === 'over') replaceEntry(entry);
  else mergeMappings(before, after, entry.rule, entry.path, entry.options);
}

/** Uninterpolated, names and values merge as lists: a name may be a variable. A list has no entry to reset. */
function isNamed({ rule, options }: Entry, after: Mapping): boolean {
  return rule?.toList !== undefined && !options.interpolation && tagsOf(after) === undefined;
}

function mergeAsLists(
  before: Value,
  after: Value,
  toList: (value: Value) => List,
  { base, key, rule }: Entry,
): void {
  const list = toList(before);
  (rule?.combine ?? append)(list, toList(after));
  setEntry(base, key, list, valuePlace(base, key));
}

function replaceEntry({ base, over, key, path, options }: Entry): void {
  const value = base[key];
  if (options.trace && value !== undefined) {
    options.trace.replace(path, { value, at: valuePlace(base, key) });
  }
  copyEntry(over, key, base);
}

function isScalar(value: Value): boolean {
  return !isMapping(value) && !isList(value);
}

function append(base: List, over: List): void {
  over.forEach((item, index) => {
    pushItem(base, item, valuePlace(over, index));
  });
}

function failMismatch(
  path: readonly string[],
  before: Value,
  over: Mapping,
  key: string,
  options: MergeOptions,
): void {
  options.diagnostics.error({
    code: 'value-conflict',
    message: `${path.join('.')} is ${describeKind(over[key])} here and ${describeKind(before)} in what it is merged with`,
    at: keyPlace(over, key),
    hints: ['give it the same form in both, or mark it `!override` to replace the earlier one'],
  });
}

/** A base for `extends`: a copy, as others may extend the same service, and without tags, which were for its own base. */
export function copyBase(service: Mapping): Mapping {
  return cloneTree(service, { tags: false });
}
