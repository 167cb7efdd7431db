// Text that others chose, on its way to a terminal.

/** Images, registries and processes name themselves: nothing in that must command the reader's terminal. */
export function hideControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
}

/** At most so many characters. */
export function ellipsize(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
