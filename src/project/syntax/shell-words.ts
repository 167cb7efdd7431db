// A command line as words, as Docker Compose splits `command: ...`: quotes and backslashes, no shell. Source: the
// behaviour of go-shellwords, which the file format inherits.

import { FormatError } from './format-error.ts';

export interface ShellWords {
  readonly words: string[];
  /** The unquoted shell operator at which the line was cut, if there is one. */
  readonly cutAt?: string;
}

type Quote = '"' | "'" | '`' | ')';

/** Throws FormatError for an open quote or a stray parenthesis. */
export function parseShellWords(line: string): ShellWords {
  return new WordSplitter(line).split();
}

class WordSplitter {
  private readonly line: string;
  private readonly words: string[] = [];
  private word = '';
  private inWord = false;
  private quote: Quote | undefined;

  constructor(line: string) {
    this.line = line;
  }

  split(): ShellWords {
    for (let i = 0; i < this.line.length; i++) {
      const character = this.line[i] ?? '';
      if (character === '\\' && this.quote !== "'") {
        i++;
        this.escape(this.line[i]);
      } else if (this.quote === undefined && ';&|<>'.includes(character)) {
        this.dropDescriptor(character);
        this.endWord();
        return { words: this.words, cutAt: character };
      } else this.take(character);
    }
    if (this.quote) {
      throw new FormatError(`${describeQuote(this.quote)} is never closed in \`${this.line}\``, [
        'close it, or write the command as a list',
      ]);
    }
    this.endWord();
    return { words: this.words };
  }

  private take(character: string): void {
    if (this.quote === undefined && /[ \t\r\n]/.test(character)) this.endWord();
    else if (character === this.quote) this.close(character);
    else if (this.quote === undefined && `"'\`(`.includes(character)) this.open(character);
    else if (this.quote === undefined && character === ')') this.failParenthesis();
    else this.append(character);
  }

  private escape(character: string | undefined): void {
    if (character === undefined) {
      throw new FormatError(`\`${this.line}\` ends in a backslash`, [
        'remove it, or write the command as a list',
      ]);
    }
    const isVerbatim = this.quote === '`' || this.quote === ')';
    if (isVerbatim) this.append(`\\${character}`);
    else this.append(character);
  }

  /** Quotes vanish; backticks and `$(...)` stay in the word, as nothing runs them. */
  private open(character: string): void {
    if (character === '(' && !this.word.endsWith('$')) this.failParenthesis();
    this.quote = character === '(' ? ')' : (character as Quote);
    if (character === '"' || character === "'") this.inWord = true;
    else this.append(character);
  }

  private close(character: string): void {
    this.quote = undefined;
    if (character === '`' || character === ')') this.append(character);
  }

  private append(text: string): void {
    this.word += text;
    this.inWord = true;
  }

  private endWord(): void {
    if (this.inWord) this.words.push(this.word);
    this.word = '';
    this.inWord = false;
  }

  /** In `2>file` the digits belong to the operator. */
  private dropDescriptor(operator: string): void {
    if (operator === '>' && /^\d+$/.test(this.word)) this.inWord = false;
  }

  private failParenthesis(): never {
    throw new FormatError(`an unquoted parenthesis in \`${this.line}\``, [
      'put it in quotes, or run a shell: ["sh", "-c", "..."]',
    ]);
  }
}

function describeQuote(quote: Quote): string {
  return quote === ')' ? '`$(`' : `the quote ${quote}`;
}
