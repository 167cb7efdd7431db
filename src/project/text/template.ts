// The `${VARIABLE:-default}` language of Compose files and env files. Source: compose-spec, 12-interpolation.md.

/** What to do with an unset, empty or set variable; `word` is itself a template. */
export type Operator = ':-' | '-' | ':+' | '+' | ':?' | '?';

export interface VariableUse {
  readonly name: string;
  readonly operator?: Operator;
  readonly word?: string;
  /** Of the `$`, in UTF-16 units from the start of the template. */
  readonly offset: number;
  /** Of the word. */
  readonly wordOffset?: number;
}

export type TemplatePart = string | VariableUse;

/** The template is malformed, or a required variable has no value. */
export class TemplateError extends Error {
  readonly kind: 'malformed' | 'required';
  readonly offset: number;
  readonly variable: string | undefined;
  readonly hint: string | undefined;

  constructor(
    kind: 'malformed' | 'required',
    message: string,
    offset: number,
    more: { readonly variable?: string; readonly hint?: string } = {},
  ) {
    super(message);
    this.kind = kind;
    this.offset = offset;
    this.variable = more.variable;
    this.hint = more.hint;
  }
}

const name = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const operator = /:?[-+?]/y;

/** Literal text and variable uses, in order. Words are left unparsed: one that is not taken is never wrong. */
export function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let literal = '';
  let at = 0;
  for (let dollar = template.indexOf('$'); dollar >= 0; dollar = template.indexOf('$', at)) {
    literal += template.slice(at, dollar);
    const next = template[dollar + 1];
    if (next === '$') {
      literal += '$';
      at = dollar + 2;
      continue;
    }
    const use = next === '{' ? parseBraced(template, dollar) : parseNamed(template, dollar);
    if (!use) {
      literal += '$';
      at = dollar + 1;
      continue;
    }
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(use.part);
    at = use.end;
  }
  literal += template.slice(at);
  if (literal !== '' || parts.length === 0) parts.push(literal);
  return parts;
}

function parseNamed(template: string, dollar: number): { part: VariableUse; end: number } | undefined {
  name.lastIndex = dollar + 1;
  const match = name.exec(template);
  return match ? { part: { name: match[0], offset: dollar }, end: name.lastIndex } : undefined;
}

function parseBraced(template: string, dollar: number): { part: VariableUse; end: number } {
  name.lastIndex = dollar + 2;
  const variable = name.exec(template)?.[0];
  if (variable === undefined) {
    throw new TemplateError('malformed', 'a variable name must follow `${`', dollar);
  }
  const afterName = dollar + 2 + variable.length;
  if (template[afterName] === '}') return { part: { name: variable, offset: dollar }, end: afterName + 1 };
  operator.lastIndex = afterName;
  const found = operator.exec(template)?.[0] as Operator | undefined;
  const end = found === undefined ? -1 : findClosingBrace(template, afterName + found.length);
  if (found === undefined || end < 0) throw malformed(template, dollar, variable, afterName);
  const wordOffset = afterName + found.length;
  const word = template.slice(wordOffset, end);
  return { part: { name: variable, operator: found, word, offset: dollar, wordOffset }, end: end + 1 };
}

function malformed(template: string, dollar: number, variable: string, afterName: number): TemplateError {
  const end = template.indexOf('}', afterName);
  if (end < 0)
    return new TemplateError('malformed', `\`\${${variable}\` is never closed by \`}\``, dollar, {
      variable,
    });
  const message = `\`${template[afterName]}\` cannot follow the name in \`\${${variable}\``;
  const isColon = template[afterName] === ':';
  const hint = isColon
    ? `for a default, write \${${variable}:-${template.slice(afterName + 1, end)}}`
    : undefined;
  return new TemplateError('malformed', message, dollar, { variable, hint });
}

/** The brace that balances; failing that, the last one: `${A:-{}` means a default of `{`. */
function findClosingBrace(template: string, from: number): number {
  let open = 1;
  for (let i = from; i < template.length; i++) {
    if (template[i] === '{') open++;
    else if (template[i] === '}' && --open === 0) return i;
  }
  const last = template.lastIndexOf('}');
  return last >= from ? last : -1;
}

export interface Substitution {
  lookup(name: string): string | undefined;
  /** A variable without a value that has no operator either: it becomes empty. */
  onUnset?(name: string, offset: number): void;
  /** A variable whose value went into the text. */
  readonly onUse?: (use: VariableUse, value: string | undefined) => void;
}

/** The text with every variable replaced. Throws TemplateError. Offsets are those of this template. */
export function substitute(template: string, substitution: Substitution): string {
  if (!template.includes('$')) return template;
  const parts = parseTemplate(template);
  return parts.map((part) => (typeof part === 'string' ? part : evaluate(part, substitution))).join('');
}

function evaluate(use: VariableUse, substitution: Substitution): string {
  const value = substitution.lookup(use.name);
  substitution.onUse?.(use, value);
  const isEmpty = value === undefined || value === '';
  const word = () => substituteWord(use, substitution);
  switch (use.operator) {
    case ':-':
      return isEmpty ? word() : value;
    case '-':
      return value ?? word();
    case ':+':
      return isEmpty ? '' : word();
    case '+':
      return value === undefined ? '' : word();
    case ':?':
      return isEmpty ? failRequired(use, word()) : value;
    case '?':
      return value ?? failRequired(use, word());
    default:
      if (value === undefined) substitution.onUnset?.(use.name, use.offset);
      return value ?? '';
  }
}

function substituteWord(use: VariableUse, outer: Substitution): string {
  const shift = use.wordOffset ?? 0;
  try {
    return substitute(use.word ?? '', {
      lookup: (variable) => outer.lookup(variable),
      onUse: (inner, value) => outer.onUse?.(inner, value),
      onUnset: (variable, offset) => outer.onUnset?.(variable, offset + shift),
    });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new TemplateError(error.kind, error.message, error.offset + shift, error);
  }
}

function failRequired(use: VariableUse, reason: string): never {
  const detail = reason === '' ? '' : `: ${reason}`;
  throw new TemplateError(
    'required',
    `required variable ${use.name} is missing a value${detail}`,
    use.offset,
    { variable: use.name },
  );
}
