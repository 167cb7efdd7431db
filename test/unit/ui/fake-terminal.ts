// A terminal of which one can ask what is on it: the few escapes that redrawing uses.

import type { Sink } from '../../../src/ui/sink.ts';

export class FakeTerminal implements Sink {
  readonly isTTY = true;
  readonly columns = 80;
  readonly rows = 24;
  isCursorVisible = true;
  #lines: string[] = [''];
  #row = 0;
  #column = 0;

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    for (const [token] of text.matchAll(/\u001b\[\??[\d;]*[A-Za-z]|\n|[^\u001b\n]+/g)) this.#interpret(token);
  }

  get screen(): string {
    return this.#lines.map((line) => line.trimEnd()).join('\n');
  }

  #interpret(token: string): void {
    switch (token) {
      case '\n':
        this.#row += 1;
        this.#column = 0;
        this.#lines[this.#row] ??= '';
        return;
      case '\u001b[2K':
        this.#lines[this.#row] = '';
        return;
      case '\u001b[1A':
        this.#row = Math.max(0, this.#row - 1);
        return;
      case '\u001b[G':
        this.#column = 0;
        return;
      case '\u001b[?25l':
      case '\u001b[?25h':
        this.isCursorVisible = token.endsWith('h');
        return;
      default:
        if (!token.startsWith('\u001b')) this.#print(token);
    }
  }

  #print(text: string): void {
    const line = (this.#lines[this.#row] ?? '').padEnd(this.#column);
    this.#lines[this.#row] = line.slice(0, this.#column) + text + line.slice(this.#column + text.length);
    this.#column += text.length;
  }
}
