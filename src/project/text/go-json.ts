// JSON as Go's encoding/json writes it: `<`, `>`, `&` and the two line separators are escaped.

const special = /[<>&\u2028\u2029]/g;

export function formatGoJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(
    special,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
