// What the YAML parser says, in terms of what the writer of the file did.

import type { ErrorCode, YAMLParseError } from 'yaml';

export interface SyntaxProblem {
  readonly message: string;
  readonly offset: number;
  readonly hints: readonly string[];
}

type Explain = (text: string, offset: number, message: string) => SyntaxProblem;

export function explainSyntax(error: YAMLParseError, text: string): SyntaxProblem {
  const offset = Math.min(error.pos[0], Math.max(0, text.length - 1));
  const line = lineAt(text, offset);
  if (/^(?:<{7} |={7}$|>{7} )/.test(line.text)) {
    const hints = ['finish the merge: keep one of the two sides'];
    return { message: 'a conflict marker of Git stands here', offset: line.start, hints };
  }
  return (explanations[error.code] ?? explainOther)(text, offset, error.message);
}

/** What atob says: HTML, 8.3 Base64 utility methods. */
const notBase64 = /^(?:Invalid character|The string to be decoded is not correctly encoded)/;

const explanations: Partial<Record<ErrorCode, Explain>> = {
  TAB_AS_INDENT: (_, offset) => ({ message: 'a tab cannot indent', offset, hints: ['indent with spaces'] }),
  BAD_INDENT: (text, offset, message) =>
    message.startsWith('Flow') ? explainOpenBracket(text, offset) : explainIndent(text, offset),
  MISSING_CHAR: (text, offset, message) =>
    /^Missing closing/.test(message) ? explainOpenQuote(text, offset) : explainNoColon(text, offset),
  MULTILINE_IMPLICIT_KEY: explainNoColon,
  BLOCK_AS_IMPLICIT_KEY: (text, offset, message) =>
    message.includes('sequence') ? explainDash(text, offset) : explainNoColon(text, offset),
  BAD_SCALAR_START: (text, offset) => ({
    message: `a value cannot start with \`${text[offset]}\``,
    offset,
    hints: ['put it in quotes'],
  }),
  UNEXPECTED_TOKEN: (_, offset, message) =>
    message === 'Unexpected scalar at node end'
      ? { message: 'text after the end of the value', offset, hints: ['put all of it in quotes'] }
      : explainOther('', offset, message),
  BAD_ALIAS: (text, offset) => ({
    message: `a name must follow \`${text[offset]}\``,
    offset,
    hints: ['put it in quotes if the character itself is meant'],
  }),
  TAG_RESOLVE_FAILED: (text, offset, message) =>
    notBase64.test(message)
      ? {
          message: 'what stands behind `!!binary` is not base64',
          offset,
          hints: ['base64 --decode tells where'],
        }
      : explainOther(text, offset, message),
  BAD_DQ_ESCAPE: (text, offset) => ({
    message: `\`${text.slice(offset, offset + 2)}\` means nothing in double quotes`,
    offset,
    hints: ['double the backslash, or use single quotes'],
  }),
};

function explainOther(_text: string, offset: number, message: string): SyntaxProblem {
  const text = message.charAt(0).toLowerCase() + message.slice(1);
  return { message: `this is not valid YAML: ${text}`, offset, hints: [] };
}

function explainIndent(text: string, offset: number): SyntaxProblem {
  const line = lineAt(text, offset);
  const indent = /^\s*/.exec(line.text)?.[0].length ?? 0;
  const hints = ['give it the same number of spaces as the keys that it belongs with'];
  return { message: 'this line does not line up with those above', offset: line.start + indent, hints };
}

function explainOpenBracket(text: string, offset: number): SyntaxProblem {
  let open = 0;
  for (let at = offset - 1; at >= 0; at--) {
    const character = text[at] ?? '';
    if (character === ']' || character === '}') open++;
    else if (character === '[' || character === '{') {
      if (open === 0) return openBracket(character, at);
      open--;
    }
  }
  return openBracket('[', offset);
}

function openBracket(character: string, offset: number): SyntaxProblem {
  const close = character === '[' ? ']' : '}';
  return { message: `this \`${character}\` is never closed`, offset, hints: [`end it with \`${close}\``] };
}

/** The parser notices at the end of the file; the mistake is where the quote begins. */
function explainOpenQuote(text: string, end: number): SyntaxProblem {
  const tokens = /(?<![^\s[{,:])(?:"(?:\\[\s\S]|[^"\\])*"|'(?:''|[^'])*'|#[^\n]*|(["']))/g;
  for (const match of text.matchAll(tokens)) {
    if (match[1] === undefined) continue;
    const hints = [`end the value with ${match[1]}`];
    return { message: 'this quote is never closed', offset: match.index, hints };
  }
  return { message: 'a quote is never closed', offset: end, hints: [] };
}

function explainNoColon(text: string, offset: number): SyntaxProblem {
  const line = lineAt(text, offset);
  const start = line.start + (/^\s*(?:- )?/.exec(line.text)?.[0].length ?? 0);
  const body = line.text.trim().replace(/^- /, '');
  const colons = body.match(/:(?=\s|$)/g)?.length ?? 0;
  if (colons === 0) {
    return { message: `a \`:\` is missing after \`${body}\``, offset: start, hints: [`write \`${body}:\``] };
  }
  if (colons > 1) {
    return { message: 'a second `: ` on one line', offset, hints: ['put the value in quotes'] };
  }
  const hints = /[“”‘’]/.test(line.text)
    ? ['curly quotes are no quotes in YAML: write " or \'']
    : ['check how the next line is indented, or put the value in quotes'];
  return { message: 'this value and the next line do not go together', offset, hints };
}

function explainDash(_text: string, offset: number): SyntaxProblem {
  const hints = ['indent the item below its key, or remove the dash'];
  return { message: 'a list item stands among the keys of a mapping', offset, hints };
}

function lineAt(text: string, offset: number): { readonly text: string; readonly start: number } {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return { text: text.slice(start, end < 0 ? undefined : end).replace(/\r$/, ''), start };
}
