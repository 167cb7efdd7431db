// What happened to values on their way: recorded only when somebody asks where a value comes from.

import type { Place } from '../text/source-text.ts';
import type { VariableUse } from '../text/template.ts';
import type { Path, Value } from '../text/tree.ts';

export interface TracedUse {
  readonly use: VariableUse;
  readonly value: string | undefined;
  /** In an env file; absent: from the process, or not set. */
  readonly at?: Place;
}

export interface TracedTemplate {
  readonly text: string;
  readonly uses: readonly TracedUse[];
}

export interface Replaced {
  readonly value: Value;
  readonly at: Place;
}

export class Trace {
  private readonly templates = new Map<Place, TracedTemplate>();
  private readonly replaced = new Map<string, Replaced[]>();

  template(at: Place, template: TracedTemplate): void {
    this.templates.set(at, template);
  }

  replace(path: Path, lost: Replaced): void {
    const key = path.join('\0');
    const known = this.replaced.get(key);
    if (known) known.push(lost);
    else this.replaced.set(key, [lost]);
  }

  /** Weaker than everything that was recorded for the path; the strongest of them last. */
  underlie(path: Path, lost: readonly Replaced[]): void {
    if (lost.length > 0)
      this.replaced.set(path.join('\0'), [...lost, ...(this.replaced.get(path.join('\0')) ?? [])]);
  }

  templateAt(at: Place): TracedTemplate | undefined {
    return this.templates.get(at);
  }

  /** What a path had before, the latest first. */
  replacedAt(path: Path): readonly Replaced[] {
    return [...(this.replaced.get(path.join('\0')) ?? [])].reverse();
  }
}
