// Abbreviations that a text defines, as in vaner/linking/abbreviations.py. Offsets are UTF-16 units.

import { bisect, countPoints } from "./text.js";

/** The abbreviations that a text defines: { short: [start, end], long: [start, end] }. */
export function findAbbreviations(text, tools) {
  const { text: read, starts, ends } = tools.normalize(text);
  const found = findInNormalized(read, tools);
  if (!starts) return found;
  const restore = ([start, end]) => [starts[start], ends[end - 1]];
  return found.map(({ short, long }) => ({ short: restore(short), long: restore(long) }));
}

function findInNormalized(text, tools) {
  const { abbreviations: A } = tools;
  const strip = (start, end) => stripQuotes(text, start, end, tools);
  const breaks = findBreaks(text, tools);
  const found = [];
  for (const bracket of A.BRACKETS.findOverlapping(text)) {
    const position = bisect(breaks, bracket.index + 1);
    if (breaks[position] < bracket.index + bracket[0].length) continue;
    const inside = bracket[1] ?? bracket[2];
    const separator = A.SEPARATOR.search(inside);
    const begin = bracket.index + 1;
    const [start, end] = strip(begin, begin + (separator ? separator.index : inside.length));
    const first = Math.max(breaks[position - 1] ?? 0, windowStart(text, bracket.index, A.MAX_WINDOW));
    const before = strip(first, bracket.index);
    const short = text.slice(start, end);
    if (isShortForm(short, tools)) {
      const long = findLongForm(short, text.slice(...before), tools);
      if (long !== null) {
        found.push({ short: [start, end], long: [before[0] + long, before[1]] });
        continue;
      }
    }
    const last = [...A.WORD.findAll(text.slice(...before))].at(-1);
    if (!last) continue;
    const extent = strip(before[0] + last.index, before[0] + last.index + last[0].length);
    const word = text.slice(...extent);
    if (isShortForm(word, tools) && findLongForm(word, text.slice(start, end), tools) === 0) {
      found.push({ short: extent, long: [start, end] });
    }
  }
  return found;
}

/** Where a sentence begins after a line break. */
function findBreaks(text, { abbreviations: A, splitWords, splitSentences }) {
  if (!A.LINE_BREAK.search(text)) return [];
  const words = splitWords(text);
  return splitSentences(text, words).slice(1).map(([first]) => first)
    .filter((first) => A.LINE_BREAK.search(text.slice(words[first - 1][1], words[first][0])))
    .map((first) => words[first][0]);
}

/** The extent without white space and quotation marks at its ends. */
function stripQuotes(text, start, end, { abbreviations: A, is }) {
  const isEdge = (character) => is("isspace", character) || A.QUOTES.has(character);
  while (start < end && isEdge(text[start])) start += 1;
  while (start < end && isEdge(text[end - 1])) end -= 1;
  return [start, end];
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
