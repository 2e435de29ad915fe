// Abbreviations that a text defines, as in vaner/linking/abbreviations.py. Offsets are UTF-16 units.

import { countPoints } from "./text.js";

/** The abbreviations that a text defines: { short: [start, end], long: [start, end] }. */
export function findAbbreviations(text, tools) {
  const { abbreviations: A, strip } = tools;
  const found = [];
  for (const bracket of A.BRACKETS.findOverlapping(text)) {
    const inside = bracket[1] ?? bracket[2];
    const separator = A.SEPARATOR.search(inside);
    const begin = bracket.index + 1;
    const [start, end] = strip(text, begin, begin + (separator ? separator.index : inside.length));
    const line = Math.max(text.lastIndexOf("\n", bracket.index - 1) + 1, windowStart(text, bracket.index, A.MAX_WINDOW));
    const before = strip(text, line, bracket.index);
    const short = text.slice(start, end);
    if (isShortForm(short, tools)) {
      const long = findLongForm(short, text.slice(...before), tools);
      if (long !== null) {
        found.push({ short: [start, end], long: [before[0] + long, before[1]] });
        continue;
      }
    }
    const last = [...A.WORD.findAll(text.slice(...before))].at(-1);
    if (last && isShortForm(last[0], tools) && findLongForm(last[0], text.slice(start, end), tools) === 0) {
      const first = before[0] + last.index;
      found.push({ short: [first, first + last[0].length], long: [start, end] });
    }
  }
  return found;
}

/** The offset a number of code points before another. */
function windowStart(text, end, points) {
  return end - Array.from(text.slice(Math.max(0, end - 2 * points), end)).slice(-points).join("").length;
}

function isShortForm(text, { abbreviations: A, is, isLower, split }) {
  const points = Array.from(text);
  if (isLower(text) && text.endsWith(".")) return false; // e.g.
  return points.length >= A.MIN_LENGTH && points.length <= A.MAX_LENGTH && split(text).length <= A.MAX_WORDS &&
    is("isalnum", points[0]) && points.some((c) => is("isalpha", c)) && !/[=,]/.test(text);
}

function findLongForm(short, text, { abbreviations: A, is, casefold, split }) {
  const points = Array.from(text);
  let folded = Array.from(casefold(text));
  if (folded.length !== points.length) folded = Array.from(text.toLowerCase());
  if (folded.length !== points.length) folded = points;
  const letters = Array.from(casefold(short)).filter((c) => is("isalnum", c));
  const before = (letter, position) => (position > 0 ? folded.lastIndexOf(letter, position - 1) : -1);
  let position = points.length;
  for (let i = letters.length - 1; i >= 0; i--) {
    position = before(letters[i], position);
    while (i === 0 && position > 0 && is("isalnum", folded[position - 1])) position = before(letters[i], position);
    if (position < 0) return null;
  }
  const long = points.slice(position).join("");
  const words = split(long);
  const most = Math.min(letters.length + 5, 2 * letters.length);
  const isRepeated = words.some((word) => casefold(word) === casefold(short));
  if (points.length - position <= countPoints(short) || words.length > most || isRepeated) return null;
  if (A.FUNCTION_WORDS.has(casefold(words[0])) || !hasBalancedBrackets(long)) return null;
  return points.slice(0, position).join("").length;
}

/** Whether each bracket that a text closes was opened in it, and the reverse. */
function hasBalancedBrackets(text) {
  let depth = 0;
  for (const character of text) {
    depth += Number("([".includes(character)) - Number(")]".includes(character));
    if (depth < 0) return false;
  }
  return depth === 0;
}
