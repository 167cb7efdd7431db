// Builds the syntax tree of a template.

import { type Piece, splitTemplate, type Token } from './lexer.ts';
import type { Command, Operand, Pipeline, TemplateNode } from './syntax-tree.ts';
import { templateError } from './template-error.ts';

export function parseTemplate(template: string): readonly TemplateNode[] {
  const reader = new NodeReader(template, splitTemplate(template));
  const { nodes, ending } = reader.readBody();
  if (ending !== undefined) throw templateError(`unexpected {{${ending.word}}}`, template, ending.at);
  return nodes;
}

interface Ending {
  readonly word: 'end' | 'else';
  readonly tokens: readonly Token[];
  readonly at: number;
}

class NodeReader {
  readonly #template: string;
  readonly #pieces: readonly Piece[];
  #next = 0;

  constructor(template: string, pieces: readonly Piece[]) {
    this.#template = template;
    this.#pieces = pieces;
  }

  /** Up to the `end` or `else` that closes the body. */
  readBody(): { nodes: TemplateNode[]; ending: Ending | undefined } {
    const nodes: TemplateNode[] = [];
    for (let piece = this.#take(); piece !== undefined; piece = this.#take()) {
      if (piece.kind === 'text') {
        nodes.push(piece);
        continue;
      }
      const word = piece.tokens[0]?.kind === 'word' ? piece.tokens[0].text : '';
      const tokens = piece.tokens.slice(1);
      if (word === 'end' || word === 'else') return { nodes, ending: { word, tokens, at: piece.at } };
      if (word === 'if' || word === 'with' || word === 'range') {
        nodes.push(this.#readBlock(word, tokens, piece.at));
      } else {
        const pipeline = parsePipeline(piece.tokens, this.#template, piece.at);
        nodes.push({ kind: 'output', pipeline });
      }
    }
    return { nodes, ending: undefined };
  }

  #take(): Piece | undefined {
    this.#next += 1;
    return this.#pieces[this.#next - 1];
  }

  #readBlock(kind: 'if' | 'with' | 'range', tokens: readonly Token[], at: number): TemplateNode {
    const pipeline = parsePipeline(tokens, this.#template, at);
    const { ending, nodes: body } = this.readBody();
    if (ending === undefined) throw templateError(`{{${kind}}} without {{end}}`, this.#template, at);
    return { kind, pipeline, body, otherwise: ending.word === 'end' ? [] : this.#readElse(kind, ending) };
  }

  #readElse(kind: string, { at, tokens }: Ending): readonly TemplateNode[] {
    const [first, ...rest] = tokens;
    if (first?.kind === 'word' && (first.text === 'if' || first.text === 'with')) {
      return [this.#readBlock(first.text, rest, at)];
    }
    const { ending, nodes } = this.readBody();
    if (ending?.word === 'end') return nodes;
    throw templateError(`{{else}} of {{${kind}}} without {{end}}`, this.#template, at);
  }
}

function parsePipeline(tokens: readonly Token[], template: string, at: number): Pipeline {
  const reader = new PipelineReader(tokens, template, at);
  const pipeline = reader.readPipeline();
  reader.expectEnd();
  return pipeline;
}

class PipelineReader {
  readonly #tokens: readonly Token[];
  readonly #template: string;
  readonly #at: number;
  #next = 0;

  constructor(tokens: readonly Token[], template: string, at: number) {
    this.#tokens = tokens;
    this.#template = template;
    this.#at = at;
  }

  readPipeline(): Pipeline {
    const { assigns, variables } = this.#readVariables();
    const commands = [this.#readCommand()];
    while (this.#skip('|')) commands.push(this.#readCommand());
    return { variables, assigns, commands };
  }

  expectEnd(): void {
    const token = this.#peek();
    if (token !== undefined) throw this.#fail(`unexpected "${token.text}"`);
  }

  #peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#next + ahead];
  }

  #isSymbol(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token?.kind === 'symbol' && token.text === text;
  }

  #skip(symbol: string): boolean {
    const isThere = this.#isSymbol(symbol);
    if (isThere) this.#next += 1;
    return isThere;
  }

  #fail(message: string): Error {
    return templateError(message, this.#template, this.#peek()?.at ?? this.#at);
  }

  #readVariables(): { variables: string[]; assigns: boolean } {
    const isPair = this.#peek()?.kind === 'variable' && this.#isSymbol(',', 1);
    const count = isPair ? 3 : 1;
    const assigns = this.#isSymbol('=', count);
    const isDeclared = assigns || this.#isSymbol(':=', count);
    if (this.#peek()?.kind !== 'variable' || !isDeclared) return { variables: [], assigns: false };
    const variables = this.#tokens
      .slice(this.#next, this.#next + count)
      .filter(({ kind }) => kind === 'variable');
    this.#next += count + 1;
    return { variables: variables.map(({ text }) => text), assigns };
  }

  #readCommand(): Command {
    const at = this.#peek()?.at ?? this.#at;
    const operands: Operand[] = [];
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (token.kind === 'symbol' && token.text !== '(' && token.text !== '.') break;
      operands.push(this.#readOperand(token));
    }
    if (operands.length === 0) throw this.#fail('a value is missing');
    return { operands, at };
  }

  #readOperand(token: Token): Operand {
    this.#next += 1;
    switch (token.kind) {
      case 'field':
        return { kind: 'field', path: [token.text.slice(1), ...this.#readPath()] };
      case 'variable':
        return { kind: 'variable', name: token.text, path: this.#readPath() };
      case 'string':
        return { kind: 'literal', value: token.text };
      case 'number':
        return { kind: 'literal', value: this.#parseNumber(token) };
      case 'word':
        return parseWord(token.text);
      case 'symbol':
        return token.text === '.' ? { kind: 'field', path: [] } : this.#readGroup();
    }
  }

  #readGroup(): Operand {
    const pipeline = this.readPipeline();
    if (!this.#skip(')')) throw this.#fail('")" is missing');
    return { kind: 'group', pipeline, path: this.#readPath() };
  }

  /** Fields that follow without a space. */
  #readPath(): string[] {
    const path: string[] = [];
    for (let token = this.#peek(); token?.kind === 'field' && !token.isSeparate; token = this.#peek()) {
      path.push(token.text.slice(1));
      this.#next += 1;
    }
    return path;
  }

  #parseNumber(token: Token): number {
    const value = Number(token.text.replaceAll('_', ''));
    if (Number.isNaN(value)) throw templateError(`bad number ${token.text}`, this.#template, token.at);
    return value;
  }
}

const constants: Readonly<Record<string, boolean | null>> = { true: true, false: false, nil: null };

function parseWord(word: string): Operand {
  const constant = constants[word];
  return constant === undefined ? { kind: 'function', name: word } : { kind: 'literal', value: constant };
}
