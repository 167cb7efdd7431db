// Runs a template over data.

import { findNearest } from '../../base/suggest.ts';
import { templateFunctions } from './functions.ts';
import { parseTemplate } from './parser.ts';
import type { Block, Command, Operand, Pipeline, TemplateNode } from './syntax-tree.ts';
import { templateError } from './template-error.ts';
import { formatValue, isTrue } from './value.ts';

/** Plain data; a member that is a function is a method: `{{.Label "a.b"}}`. Members of the data itself must exist. */
export type TemplateData = Readonly<Record<string, unknown>>;

/** Parses once, runs often. Both fail with the place in the template. */
export function compileTemplate(template: string): (data: TemplateData) => string {
  const nodes = parseTemplate(template);
  return (data) => new Run(template, data).body(nodes, { dot: data, scope: new Scope(data) });
}

class Scope {
  readonly #values = new Map<string, unknown>();
  readonly #outer: Scope | undefined;

  /** `$` is the whole data, in every scope. */
  constructor(root: unknown, outer?: Scope) {
    this.#values.set('$', root);
    this.#outer = outer;
  }

  declare(name: string, value: unknown): void {
    this.#values.set(name, value);
  }

  /** The innermost scope that has it. */
  find(name: string): Map<string, unknown> | undefined {
    return this.#values.has(name) ? this.#values : this.#outer?.find(name);
  }

  inner(): Scope {
    return new Scope(this.#values.get('$'), this);
  }
}

interface Frame {
  readonly dot: unknown;
  readonly scope: Scope;
}

class Run {
  readonly #template: string;
  readonly #root: TemplateData;

  constructor(template: string, root: TemplateData) {
    this.#template = template;
    this.#root = root;
  }

  body(nodes: readonly TemplateNode[], frame: Frame): string {
    return nodes.map((node) => this.#node(node, frame)).join('');
  }

  #node(node: TemplateNode, frame: Frame): string {
    if (node.kind === 'text') return node.text;
    if (node.kind === 'output') {
      const value = this.#pipeline(node.pipeline, frame);
      return node.pipeline.variables.length > 0 ? '' : formatValue(value);
    }
    const inner = { dot: frame.dot, scope: frame.scope.inner() };
    if (node.kind === 'range') return this.#range(node, inner);
    const value = this.#pipeline(node.pipeline, inner);
    if (!isTrue(value)) return this.body(node.otherwise, inner);
    return this.body(node.body, node.kind === 'with' ? { ...inner, dot: value } : inner);
  }

  #range(node: Block, frame: Frame): string {
    const { variables } = node.pipeline;
    const value = this.#pipeline({ ...node.pipeline, variables: [] }, frame);
    const entries = Array.isArray(value) ? [...value.entries()] : sortedEntries(value);
    if (entries.length === 0) return this.body(node.otherwise, frame);
    return entries
      .map(([key, element]) => {
        const scope = frame.scope.inner();
        if (variables.length === 2) scope.declare(variables[0] ?? '', key);
        if (variables.length > 0) scope.declare(variables.at(-1) ?? '', element);
        return this.body(node.body, { dot: element, scope });
      })
      .join('');
  }

  #pipeline({ assigns, commands, variables }: Pipeline, frame: Frame): unknown {
    let value: unknown;
    for (const [index, command] of commands.entries()) {
      value = this.#command(command, frame, index === 0 ? [] : [value]);
    }
    for (const name of variables) {
      if (!assigns) frame.scope.declare(name, value);
      else this.#variables(name, frame, commands[0]?.at ?? 0).set(name, value);
    }
    return value;
  }

  #variables(name: string, frame: Frame, at: number): Map<string, unknown> {
    const found = frame.scope.find(name);
    if (found === undefined) throw this.#fail(`undefined variable "${name}"`, at);
    return found;
  }

  #command({ at, operands }: Command, frame: Frame, piped: readonly unknown[]): unknown {
    const [first, ...rest] = operands;
    if (first === undefined) throw this.#fail('a value is missing', at);
    if (first.kind === 'function') return this.#call(first.name, { rest, piped, frame, at });
    const value = this.#operand(first, frame, at);
    const parameters = [...rest.map((operand) => this.#operand(operand, frame, at)), ...piped];
    if (typeof value === 'function') return value(...parameters);
    if (parameters.length > 0) throw this.#fail(`${formatValue(value)} takes no arguments`, at);
    return value;
  }

  #call(
    name: string,
    {
      at,
      frame,
      piped,
      rest,
    }: { rest: readonly Operand[]; piped: readonly unknown[]; frame: Frame; at: number },
  ): unknown {
    if (name === 'and' || name === 'or') return this.#shortCircuit(name, rest, piped, frame, at);
    const call = Object.hasOwn(templateFunctions, name) ? templateFunctions[name] : undefined;
    if (call === undefined) {
      const near = findNearest(name, [...Object.keys(templateFunctions), 'and', 'or']);
      throw this.#fail(
        `function "${name}" is not defined`,
        at,
        near === undefined ? [] : [`did you mean ${near}?`],
      );
    }
    const parameters = [...rest.map((operand) => this.#operand(operand, frame, at)), ...piped];
    try {
      return call(...parameters);
    } catch (error) {
      throw this.#fail(error instanceof Error ? error.message : String(error), at);
    }
  }

  /** The first argument that decides, or the last. */
  #shortCircuit(
    name: 'and' | 'or',
    rest: readonly Operand[],
    piped: readonly unknown[],
    frame: Frame,
    at: number,
  ): unknown {
    let value: unknown;
    for (const operand of rest) {
      value = this.#operand(operand, frame, at);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return piped.length > 0 ? piped[0] : value;
  }

  #operand(operand: Operand, frame: Frame, at: number): unknown {
    switch (operand.kind) {
      case 'literal':
        return operand.value;
      case 'function':
        return this.#call(operand.name, { rest: [], piped: [], frame, at });
      case 'field':
        return this.#path(frame.dot, operand.path, at);
      case 'variable':
        return this.#path(this.#variables(operand.name, frame, at).get(operand.name), operand.path, at);
      case 'group':
        return this.#path(this.#pipeline(operand.pipeline, frame), operand.path, at);
    }
  }

  #path(value: unknown, path: readonly string[], at: number): unknown {
    return path.reduce<unknown>((inner, name) => {
      const isMap = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
      if (isMap && Object.hasOwn(inner, name)) return (inner as TemplateData)[name];
      if (isMap && inner !== this.#root) return undefined;
      throw this.#unknownField(name, at);
    }, value);
  }

  #unknownField(name: string, at: number): Error {
    const known = Object.keys(this.#root);
    const near = findNearest(name, known);
    const hint =
      near === undefined ? `there are ${known.map((key) => `.${key}`).join(' ')}` : `did you mean .${near}?`;
    return this.#fail(`there is no field .${name}`, at, [hint]);
  }

  #fail(message: string, at: number, hints: string[] = []): Error {
    return templateError(message, this.#template, at, hints);
  }
}

function sortedEntries(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
