// The order in which go-yaml writes the keys of a map: `s2` before `s10`.

/** Digits compare as numbers; where a letter meets something else, the letter comes last, but first after digits. */
export function compareNaturally(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  const [x, y] = [left[at], right[at]];
  if (x === undefined || y === undefined) return left.length - right.length;
  const isAfterDigit = at > 0 && isDigit(left[at - 1] ?? '');
  return compareCharacters(x, y, isAfterDigit) || compareNumbers(left, right, at) || (x < y ? -1 : 1);
}

/** 0 if neither is a letter. */
function compareCharacters(x: string, y: string, isAfterDigit: boolean): number {
  const [xLetter, yLetter] = [isLetter(x), isLetter(y)];
  if (xLetter && yLetter) return x < y ? -1 : 1;
  if (!xLetter && !yLetter) return 0;
  return xLetter === isAfterDigit ? -1 : 1;
}

function compareNumbers(left: readonly string[], right: readonly string[], at: number): number {
  const x = digitsFrom(left, at);
  const y = digitsFrom(right, at);
  const inNumber = followsNonZeroDigit(left, at) && (left[at] === '0' || right[at] === '0') ? '1' : '';
  return Number(inNumber + x) - Number(inNumber + y) || x.length - y.length;
}

function digitsFrom(characters: readonly string[], at: number): string {
  let end = at;
  while (end < characters.length && isDigit(characters[end] ?? '')) end++;
  return characters.slice(at, end).join('');
}

function followsNonZeroDigit(characters: readonly string[], at: number): boolean {
  for (let i = at - 1; i >= 0 && isDigit(characters[i] ?? ''); i--) if (characters[i] !== '0') return true;
  return false;
}

function isDigit(character: string): boolean {
  return /\p{Nd}/u.test(character);
}

function isLetter(character: string): boolean {
  return /\p{L}/u.test(character);
}
