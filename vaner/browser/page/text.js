// Words and sentences of a text, as in vaner/text. Offsets in this file are UTF-16 units.
//
// Patterns, word lists and limits come from Python (tables.json) under the names they have there.

/** The first code point at an offset, as a string; empty at the end. */
export const at = (text, i) => (i < text.length ? String.fromCodePoint(text.codePointAt(i)) : "");

/** The number of code points of a text. */
export const countPoints = (text) => Array.from(text).length;

/** The first code points of a text. */
export const takePoints = (text, n) => (text.length <= n ? text : Array.from(text).slice(0, n).join(""));

/** The last code point before an offset. */
function before(text, i) {
  return i > 1 && /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(i - 2, i)) ? text.slice(i - 2, i) : text.slice(i - 1, i);
}

/** Turn the values of a table into regular expressions and sets. */
function compile(table) {
  const values = Object.entries(table).map(([name, value]) => {
    if (value.pattern !== undefined) return [name, new Pattern(value.pattern)];
    if (Array.isArray(value)) return [name, value.every((item) => item.pattern) ? value.map((item) => new Pattern(item.pattern)) : new Set(value)];
    return [name, typeof value === "object" ? compile(value) : value];
  });
  return Object.fromEntries(values);
}

/** A pattern with the methods that a pattern of Python has. */
class Pattern {
  constructor(source) {
    this.sticky = new RegExp(source, "uy");
    this.global = new RegExp(source, "gu");
  }
  match(text, start) {
    this.sticky.lastIndex = start;
    return this.sticky.exec(text);
  }
  search(text, start = 0) {
    this.global.lastIndex = start;
    return this.global.exec(text);
  }
  findAll(text) {
    this.global.lastIndex = 0;
    return text.matchAll(this.global);
  }
  /** Also the matches that begin inside another one. */
  *findOverlapping(text) {
    for (let match = this.search(text); match; match = this.search(text, match.index + 1)) yield match;
  }
}

/** The functions of vaner/text, with the tables of Python. */
export function createTextTools(tables) {
  const { words: W, normalize: N, sentence_boundaries: S, abbreviations, consistency, variant_notation: variants } =
    Object.fromEntries(["words", "normalize", "sentence_boundaries", "abbreviations", "consistency", "variant_notation"]
      .map((name) => [name, compile(tables[name])]));
  const sets = Object.fromEntries(Object.entries(tables.characters)
    .map(([name, set]) => [name, new RegExp(`^${set}+$`, "u")]));
  const is = (name, character) => sets[name].test(character);
  const casefold = (text) => Array.from(text, (c) => tables.casefold[c] ?? c).join("");
  const spaces = tables.characters.isspace;
  const leading = new RegExp(`^${spaces}+`, "u");
  const trailing = new RegExp(`${spaces}+$`, "u");
  const between = new RegExp(`${spaces}+`, "u");
  /** The parts between white space, as str.split. */
  const split = (text) => text.split(between).filter(Boolean);

  /** Whether all letters with case are upper-case, and there are any: str.isupper. */
  function isUpper(text) {
    const points = Array.from(text);
    const isOther = (c) => is("islower", c) || (is("istitle", c) && !is("isupper", c));
    return points.some((c) => is("isupper", c)) && !points.some(isOther);
  }

  /** Whether all letters with case are lower-case, and there are any: str.islower. */
  function isLower(text) {
    const points = Array.from(text);
    const isOther = (c) => is("isupper", c) || is("istitle", c);
    return points.some((c) => is("islower", c)) && !points.some(isOther);
  }

  // --- Normalization

  /** A text as it is read, with the offsets of its units in the original. */
  function normalize(text) {
    if (!N.TRIGGER.search(text)) return identity(text);
    let read = "";
    let position = 0;
    const [starts, ends] = [[], []];
    const keep = (start, end) => {
      read += text.slice(start, end);
      for (let i = start; i < end; i++) {
        starts.push(i);
        ends.push(i + 1);
      }
    };
    for (const match of N.UNUSUAL.findAll(text)) {
      keep(position, match.index);
      position = match.index + match[0].length;
      if (match.groups.flag) {
        keep(match.index, position);
      } else if (match.groups.invisible) {
        const joiner = findJoiner(text, match);
        if (joiner !== null) keep(joiner, joiner + 1);
      } else {
        const characters = fold(match);
        read += characters;
        for (let i = 0; i < characters.length; i++) {
          starts.push(match.index);
          ends.push(position);
        }
      }
    }
    keep(position, text.length);
    return { text: read, starts, ends, find: (offset) => bisect(starts, offset) };
  }

  function identity(text) {
    return { text, starts: null, ends: null, find: (offset) => Math.min(offset, text.length) };
  }

  function findJoiner(text, { 0: run, index }) {
    for (const [joiners, [left, right]] of Object.entries(N.CONTEXTS)) {
      const offset = Array.from(run).findIndex((c) => joiners.includes(c));
      const place = index + Array.from(run).slice(0, offset).join("").length;
      if (offset >= 0 && left.match(text, index) && right.match(text, index + run.length)) return place;
    }
    return null;
  }

  function fold({ 0: matched, groups }) {
    if (groups.hyphen) return "-";
    if (groups.composed) return matched.replace(N.INVISIBLE_RUN.global, "").normalize("NFC");
    const folded = matched.normalize("NFKC");
    return groups.sign || is("LMN", folded) ? folded : matched;
  }

  // --- Words

  /** The words of a text, as [start, end]. */
  function splitWords(text) {
    const { text: read, starts, ends } = normalize(text);
    const words = [];
    for (const { 0: match, index } of W.WORD.findAll(read)) {
      const word = match.replace(trailing, "");
      if (word) words.push([index, index + word.length]);
    }
    return starts ? words.map(([start, end]) => [starts[start], ends[end - 1]]) : words;
  }

  /** Words as they are read. */
  function readWords(text, words) {
    if (!words.length) return [];
    const [start, end] = [words[0][0], words.at(-1)[1]];
    const { text: read, find } = normalize(text.slice(start, end));
    return words.map(([s, e]) => read.slice(find(s - start), find(e - start)));
  }

  // --- Sentences

  /** The sentences of a text, as half-open ranges of word indices. */
  function splitSentences(text, words) {
    if (!words.length) return [];
    const begin = words[0][0];
    const normalized = normalize(text.slice(begin, words.at(-1)[1]));
    const read = words.map(([s, e]) => [normalized.find(s - begin), normalized.find(e - begin)]);
    const starts = [0];
    for (let i = 1; i < read.length; i++) if (isBoundary(normalized.text, read, i)) starts.push(i);
    return starts.map((start, i) => [start, starts[i + 1] ?? words.length]);
  }

  const word = (text, words, i) => text.slice(...words[i]);

  function isBoundary(text, words, i) {
    const gap = text.slice(words[i - 1][1], words[i][0]);
    if (S.PARAGRAPH_BREAK.search(gap) && !continuesParagraph(text, words, i)) return true;
    if (S.LINE_END.search(gap) && startsNewLine(text, words, i)) return true;
    if (endsCell(text, words[i - 1][1], words[i][0])) return true;
    let last = i - 1;
    const first = Math.max(0, i - 1 - S.MAX_CLOSERS);
    while (last > first && S.CLOSERS.has(at(text, words[last][0]))) last -= 1;
    const mark = word(text, words, last);
    const begin = at(text, words[i][0]);
    if (S.UNSPACED_TERMINATORS.has(mark)) return !S.CLOSERS.has(begin);
    if (!S.TERMINATORS.has(mark) || !gap) return false;
    if (!(is("isupper", begin) || is("isdigit", begin) || S.OPENERS.has(begin) || begin > "\x7f")) {
      return gap.includes("\n") && !is("islower", begin);
    }
    return mark !== "." || !(isAbbreviation(text, words, last, words[i][0]) || isSplitDecimal(text, words, last, words[i][0]));
  }

  function continuesParagraph(text, words, i) {
    const end = words[i - 1][1];
    if (countPoints(text.slice(findLineStart(text, end), end)) < S.MIN_WRAP_WIDTH) return false;
    return is("islower", at(text, words[i][0])) && is("islower", at(text, words[i - 1][0]));
  }

  function startsNewLine(text, words, i) {
    const [start, previousEnd] = [words[i][0], words[i - 1][1]];
    const item = S.LIST_ITEM.match(text, start);
    if (item) {
      const context = Array.from(text.slice(Math.max(0, previousEnd - 400), previousEnd)).slice(-200).join("");
      const isOpen = context.lastIndexOf("(") > context.lastIndexOf(")");
      return !(item[0].includes(")") && item[0][0] !== "(" && isOpen);
    }
    const isItem = S.NUMBERED_ITEM.match(text, start) !== null;
    if (!isItem && isOpenLine(text, words, i - 1, start)) return false;
    if (!(is("isupper", at(text, start)) || isItem)) return isListOfTerms(text, previousEnd, start);
    const line = text.slice(start, S.LINE_END.search(text, start)?.index);
    const previousLength = countPoints(text.slice(findLineStart(text, previousEnd), previousEnd)) + 1;
    return previousLength + countPoints(split(line)[0]) <= Math.max(S.MIN_WRAP_WIDTH, countPoints(line));
  }

  function isListOfTerms(text, previousEnd, start) {
    const size = S.TERM_WINDOW;
    const before = Array.from(text.slice(Math.max(0, previousEnd - 2 * size), previousEnd)).slice(-size).join("");
    const after = Array.from(text.slice(start, start + 2 * size)).slice(0, size).join("");
    const above = listTerms(before).slice(-2);
    const below = listTerms(after).slice(0, 2);
    return above.at(-1) && below[0] && [...above, ...below].filter(Boolean).length > 2;
  }

  /** Whether each line of a text is a few words, for the lines that are not empty. */
  function listTerms(text) {
    const lines = text.split(S.LINE_END.global).map((line) => line.replace(leading, "").replace(trailing, "")).filter(Boolean);
    return lines.map((line) => {
      const [last, words] = [Array.from(line).at(-1), split(line)];
      const isShort = countPoints(line) <= S.MAX_TERM_LENGTH && words.length <= S.MAX_TERM_WORDS;
      const isClosed = is("isalnum", last) || S.CLOSERS.has(last);
      return isShort && isClosed && !S.OPEN_WORDS.has(words[0]) && !S.OPEN_WORDS.has(words.at(-1));
    });
  }

  function endsCell(text, end, start) {
    const gap = text.slice(end, start);
    if (!gap.includes("\t") && !gap.includes("\n")) return false;
    const [lineStart, lineEnd] = findRow(text, end);
    const line = text.slice(lineStart, lineEnd);
    const tabs = line.split("\t").length;
    if (tabs === 1 || !line.replace(leading, "").replace(trailing, "").includes("\t")) return false;
    const offsets = gap.includes("\n") ? [start] : [lineStart - 1, lineEnd + 1];
    return offsets.some((offset) => offset >= 0 && offset < text.length
      && text.slice(...findRow(text, offset)).split("\t").length === tabs);
  }

  /** Start and end of the line at an offset; those of its vicinity if it is long. */
  function findRow(text, offset) {
    const [first, last] = [Math.max(0, offset - S.MAX_ROW_LENGTH), Math.min(text.length, offset + S.MAX_ROW_LENGTH)];
    const before = text.slice(first, offset).lastIndexOf("\n");
    const after = text.slice(offset, last).indexOf("\n");
    return [before < 0 ? first : first + before + 1, after < 0 ? last : offset + after];
  }

  /** The start of the line that contains an offset. */
  function findLineStart(text, offset) {
    let start = offset;
    while (start > 0 && !S.LINE_END.match(text, start - 1)) start -= 1;
    return start;
  }

  function isOpenLine(text, words, last, nextStart) {
    const text_ = word(text, words, last);
    const isAttached = last > 0 && words[last - 1][1] === words[last][0];
    if (S.JOINERS.has(text_)) return isAttached;
    if (text_ === "." && isAttached) return S.OPEN_ABBREVIATIONS.has(casefold(word(text, words, last - 1)));
    if (S.NUMBERED_WORDS.has(casefold(text_))) return S.NUMBER_OR_LETTER.match(text, nextStart) !== null;
    return S.OPEN_WORDS.has(text_);
  }

  function isAbbreviation(text, words, stop, nextStart) {
    if (stop === 0 || words[stop - 1][1] !== words[stop][0]) return false;
    const name = word(text, words, stop - 1);
    const points = Array.from(name);
    if (points.length === 1 && is("isalpha", name) && is("isupper", name)) return true;
    const key = casefold(name);
    if (S.ABBREVIATIONS.has(key)) return true;
    if (isUpper(points.slice(1).join("")) || followsNumber(text, words, stop - 1)) return false;
    if (S.LOWER_CASE_ABBREVIATIONS.has(key)) return true;
    const isPart = points.length === 1 && text[words[stop - 1][0] - 1] === ".";
    return S.NUMBER_ABBREVIATIONS.has(key) && S.CODE.match(text, nextStart) !== null && !isPart;
  }

  function followsNumber(text, words, i) {
    return i > 0 && is("isdigit", before(text, words[i - 1][1]));
  }

  function isSplitDecimal(text, words, stop, nextStart) {
    if (stop === 0 || words[stop - 1][1] !== words[stop][0]) return false;
    const end = words[stop][0];
    if (!is("isdigit", at(text, nextStart)) || S.LINE_END.search(text.slice(end, nextStart))) return false;
    if (S.BEFORE_DECIMALS.match(text, end)) return true;
    return S.NUMBER.match(text, end) !== null && S.DECIMALS.match(text, nextStart) !== null;
  }

  return {
    is, isLower, casefold, split, normalize, splitWords, readWords, splitSentences, abbreviations, consistency, variants,
  };
}

/** The index of the first value that is not less than another. */
export function bisect(values, wanted) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
