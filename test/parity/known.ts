// differences.txt: the differences that there are, each under its reason. `## reason` is a section, `## [v2] reason` one
// for that version only; a line is `FILE: TITLE | VIEW DIFFERENCE`.

export interface Known {
  /** Case -> its differences in this version. */
  readonly byCase: ReadonlyMap<string, readonly string[]>;
  readonly reasons: readonly string[];
}

/** `version`: `v2` or `v5`. */
export function parseKnown(text: string, version: string): Known {
  const byCase = new Map<string, string[]>();
  const reasons: string[] = [];
  let applies = false;
  for (const line of text.split('\n')) {
    const section = /^## (?:\[(v\d+)\] )?(.+)/.exec(line);
    if (section) {
      applies = section[1] === undefined || section[1] === version;
      if (applies) reasons.push(section[2] ?? '');
    } else if (applies && line.includes(' | ')) {
      const at = line.lastIndexOf(' | ');
      const id = line.slice(0, at);
      byCase.set(id, [...(byCase.get(id) ?? []), line.slice(at + 3)]);
    }
  }
  return { byCase, reasons };
}
