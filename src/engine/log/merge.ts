// Merges sequences that are each in order into one that is. Pure; as lazy as the sequences are.

/** `compare` orders as for Array.sort; of equals, the earlier sequence's comes first. */
export function* mergeSorted<T>(
  sequences: readonly Iterable<T>[],
  compare: (a: T, b: T) => number,
): Generator<T> {
  const heads: { value: T; readonly rank: number; readonly rest: Iterator<T> }[] = [];
  const before = (a: (typeof heads)[number], b: (typeof heads)[number]) =>
    compare(a.value, b.value) || a.rank - b.rank;
  const insert = (head: (typeof heads)[number]) => {
    let low = 0;
    let high = heads.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = heads[middle];
      if (other && before(other, head) <= 0) low = middle + 1;
      else high = middle;
    }
    heads.splice(low, 0, head);
  };
  for (const [rank, sequence] of sequences.entries()) {
    const rest = sequence[Symbol.iterator]();
    const first = rest.next();
    if (!first.done) insert({ value: first.value, rank, rest });
  }
  for (;;) {
    const head = heads.shift();
    if (head === undefined) return;
    yield head.value;
    const next = head.rest.next();
    if (!next.done) insert({ ...head, value: next.value });
  }
}
