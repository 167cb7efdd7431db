// Collects what is wrong in one load, so that all independent errors come out together, each once.

import { type SourcePosition, TcError, type TcErrorOptions } from '../../base/error.ts';
import { formatExcerpt } from '../../base/excerpt.ts';
import type { Warning } from '../../base/warning.ts';
import { nowhere, type Place, type Sources } from '../text/source-text.ts';
import type { DiagnosticCode } from './diagnostic-code.ts';

export interface Finding {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly at?: Place;
  readonly hints?: readonly string[];
  readonly cause?: unknown;
}

export class Diagnostics {
  readonly sources: Sources;
  private readonly errors: TcError[] = [];
  private readonly found = new Map<string, Warning>();

  constructor(sources: Sources) {
    this.sources = sources;
  }

  error(finding: Finding): void {
    const error = this.toError(finding);
    const known = this.errors.some((other) => other.message === error.message && isSamePlace(other, error));
    if (!known) this.errors.push(error);
  }

  /** Once per code and message: a variable that is used ten times is unset once. The first place stands. */
  warn(finding: Finding): void {
    const key = `${finding.code} ${finding.message}`;
    const source = this.sources.positionOf(finding.at ?? nowhere);
    if (this.found.has(key)) return;
    const hint = finding.hints?.join('; ');
    this.found.set(key, {
      code: finding.code,
      message: finding.message,
      ...(hint ? { hint } : {}),
      ...(source ? { source } : {}),
    });
  }

  get warnings(): Warning[] {
    return inReadingOrder([...this.found.values()]);
  }

  get failed(): boolean {
    return this.errors.length > 0;
  }

  /** Throws the first error by place with the rest as its `others`, if there is any. */
  throwIfFailed(): void {
    if (this.errors.length === 0) return;
    const [first, ...others] = inReadingOrder(this.errors);
    if (!first) return;
    throw new TcError(first.message, { ...optionsOf(first), others });
  }

  private toError(finding: Finding): TcError {
    const place = finding.at ?? nowhere;
    const source = this.sources.positionOf(place);
    const text = this.sources.sourceOf(place)?.text;
    return new TcError(finding.message, {
      code: finding.code,
      hints: finding.hints,
      source,
      excerpt: source && text !== undefined ? formatExcerpt(text, source) : undefined,
      cause: finding.cause,
    });
  }
}

function optionsOf(error: TcError): TcErrorOptions {
  return {
    code: error.code,
    kind: error.kind,
    hints: error.hints,
    source: error.source,
    excerpt: error.excerpt,
    exitCode: error.exitCode,
    cause: error.cause,
  };
}

function isSamePlace(a: TcError, b: TcError): boolean {
  return (
    a.source?.file === b.source?.file && a.source?.line === b.source?.line && a.source?.col === b.source?.col
  );
}

/** Files in the order in which they were found wanting, each from top to bottom. */
function inReadingOrder<T extends { readonly source?: SourcePosition | undefined }>(
  found: readonly T[],
): T[] {
  const files = [...new Set(found.map((one) => one.source?.file))];
  const rank = (one: T) => files.indexOf(one.source?.file);
  return [...found].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.source?.line ?? 0) - (b.source?.line ?? 0) ||
      (a.source?.col ?? 0) - (b.source?.col ?? 0),
  );
}
