// The syntax tree of the part of Go's text/template that --format needs. Source: pkg.go.dev/text/template.

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly pipeline: Pipeline }
  | Block;

/** `else if` is a nested one. */
export interface Block {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipeline: Pipeline;
  readonly body: readonly TemplateNode[];
  readonly otherwise: readonly TemplateNode[];
}

export interface Pipeline {
  /** `$x :=`, `$i, $x :=` in a range; `=` assigns to one that exists. */
  readonly variables: readonly string[];
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

/** A value with arguments; what comes down the pipe is the last argument. */
export interface Command {
  readonly operands: readonly Operand[];
  /** Offset in the template, for messages. */
  readonly at: number;
}

export type Operand =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'function'; readonly name: string }
  /** `.A.B` */
  | { readonly kind: 'field'; readonly path: readonly string[] }
  /** `$x.A`; `$` is the whole data. */
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] }
  /** `(pipeline).A` */
  | { readonly kind: 'group'; readonly pipeline: Pipeline; readonly path: readonly string[] };
