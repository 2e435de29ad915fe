// Mentions that close the brackets that they open, as in vaner/text/brackets.py.

import { at } from "./text.js";

const inName = /^[A-Za-z0-9-]$/; // next to a bracket that is in a name

/** Return the mention `[first, last]`, a range of words, without a bracket that is not closed. */
export function balanceBrackets(text, words, first, last, pairs) {
  const read = (i) => text.slice(...words[i]);
  const closing = new Map(Object.entries(pairs));
  const closedBy = new Map(Object.entries(pairs).map(([close, open]) => [open, close]));
  const unmatched = findUnmatched(first, last, read, closing, closedBy);
  const isInterval = unmatched.length === 2 && closedBy.has(read(unmatched[0])) && closing.has(read(unmatched[1]));
  if (!unmatched.length || isInterval) return [first, last];
  while (unmatched.at(-1) === last - 1) last = unmatched.pop();
  while (unmatched[0] === first) first = unmatched.shift() + 1;
  if (!unmatched.length) return [first, last];
  const [at] = unmatched;
  const bracket = read(at);
  if (unmatched.length === 1 && (bracket === ")" || bracket === "]")) {
    const before = first ? text.slice(words[first - 1][0], words[first][0]) : "";
    if (before === closing.get(bracket) && inName.test(text[words[at][1]])) return [first - 1, last];
  } else if (unmatched.length === 1 && bracket === "[") {
    const after = last < words.length ? text.slice(words[last - 1][1], words[last][1]) : "";
    if (after === "]" && inName.test(text[words[at][0] - 1])) return [first, last + 1];
  }
  return balanceBrackets(text, words, first, at, pairs); // has only brackets that are not closed
}

function findUnmatched(first, last, read, closing, closedBy) {
  const [opened, unmatched] = [[], []];
  for (let i = first; i < last; i++) {
    if (closedBy.has(read(i))) opened.push(i);
    else if (closing.has(read(i))) {
      if (opened.length && read(opened.at(-1)) === closing.get(read(i))) opened.pop();
      else unmatched.push(i);
    }
  }
  return [...unmatched, ...opened].sort((a, b) => a - b);
}

/** Return the mention without symbols, such as emoji, at its ends, as in vaner/text/symbols.py. */
export function trimSymbols(text, words, first, last, { is }) {
  const isSymbol = (i) => is("symbol", at(text, words[i][0]));
  while (first < last && isSymbol(last - 1)) last -= 1;
  while (first < last && isSymbol(first)) first += 1;
  return [first, last];
}
