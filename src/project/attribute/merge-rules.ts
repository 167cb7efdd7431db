// How each attribute merges, where it is not "mappings by key, lists by appending, the later scalar". Source:
// compose-spec 13-merge.md and the tables of compose-go.

import {
  isList,
  isMapping,
  type List,
  type Mapping,
  newList,
  pushItem,
  setEntry,
  setItem,
  type Value,
  valuePlace,
} from '../text/tree.ts';

export interface MergeRule {
  /** The later value stands as it is, even `null`. */
  readonly replace?: true;
  /** The same for each entry of this mapping: `FOO:` without a value overrides `FOO: 1`. */
  readonly replaceEach?: true;
  /** How a mapping merges with a list. */
  toList?(value: Value): List;
  /** For mappings that do not always merge. */
  choose?(base: Mapping, over: Mapping): 'merge' | 'over';
  /** For lists that do not simply append: changes `base`. */
  combine?(base: List, over: List): void;
  readonly children?: Readonly<Record<string, MergeRule>>;
  readonly each?: MergeRule;
}

const replace: MergeRule = { replace: true };
const keyValues: MergeRule = { replaceEach: true, toList: keyValueList };

/** `{A: 1, B: null}` -> `["A=1", "B"]`: for merging with a list, which stays one when nothing is interpolated. */
function keyValueList(value: Value): List {
  if (isList(value)) return value;
  const list = newList();
  if (!isMapping(value)) return list;
  for (const key of Object.keys(value).sort()) {
    const own = value[key];
    pushItem(list, own === null || own === undefined ? key : `${key}=${String(own)}`, valuePlace(value, key));
  }
  return list;
}

/** Options belong to their driver: another driver brings its own. */
const logging: MergeRule = {
  choose(base, over) {
    const [before, after] = [base['driver'], over['driver']];
    return before === undefined || after === undefined || before === after ? 'merge' : 'over';
  },
};

const withoutRepeats: MergeRule = {
  combine(base, over) {
    over.forEach((item, index) => {
      if (!base.includes(item)) pushItem(base, item, valuePlace(over, index));
    });
  },
};

const hosts: MergeRule = { ...withoutRepeats, toList: keyValueList };

/** Pools with one subnet are one pool. */
const pools: MergeRule = {
  combine(base, over) {
    over.forEach((pool, index) => {
      const subnet = subnetOf(pool);
      const at = base.findIndex((other) => subnetOf(other) === subnet);
      const before = base[at];
      if (before === undefined) pushItem(base, pool, valuePlace(over, index));
      else if (isMapping(before) && isMapping(pool)) {
        for (const key of Object.keys(pool)) setEntry(before, key, pool[key] ?? null, valuePlace(pool, key));
      } else setItem(base, at, pool, valuePlace(over, index));
    });
  },
};

function subnetOf(pool: Value): Value | undefined {
  return isMapping(pool) ? pool['subnet'] : undefined;
}

const service: MergeRule = {
  children: {
    annotations: keyValues,
    build: {
      children: {
        additional_contexts: { replaceEach: true },
        args: keyValues,
        extra_hosts: hosts,
        labels: keyValues,
      },
    },
    command: replace,
    deploy: { children: { labels: keyValues } },
    entrypoint: replace,
    environment: keyValues,
    extra_hosts: hosts,
    healthcheck: { children: { test: replace } },
    labels: keyValues,
    logging,
    sysctls: keyValues,
    ulimits: { each: replace },
  },
};

const labelled: MergeRule = { each: { children: { labels: keyValues } } };

export const mergeRules: MergeRule = {
  children: {
    services: { each: service },
    networks: { each: { children: { labels: keyValues, ipam: { children: { config: pools } } } } },
    volumes: labelled,
    configs: labelled,
    secrets: labelled,
  },
};
