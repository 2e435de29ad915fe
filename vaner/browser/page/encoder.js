// Subwords of words, and the rows that the model reads, as in vaner/backbones/encoding.py.

import { takePoints } from "./text.js";

/** A WordPiece tokenizer that reads one word at a time (Schuster and Nakajima 2012, BERT). */
export class Encoder {
  constructor(model, tools, tables) {
    const { dropped, spaced, punctuation, changed } = model.tokenizer;
    this.model = model;
    this.tools = tools;
    this.limits = tables.encoding;
    this.ids = new Map(model.vocabulary.map((token, id) => [token, id]));
    this.changed = new Map(Object.entries(changed));
    [this.dropped, this.spaced, this.punctuation] =
      [dropped, spaced, punctuation].map((set) => new RegExp(`^${set}$`, "u"));
    this.accents = new RegExp(model.tokenizer.accents, "gu");
    this.cache = new Map();
  }

  /** The subword ids of a word. */
  subwords(word) {
    let ids = this.cache.get(word);
    if (!ids) {
      const read = takePoints(this.tools.normalize(word).text, this.limits.LONGEST_WORD);
      ids = this.split(read).flatMap((part) => this.wordPieces(part)).slice(0, this.limits.MOST_SUBWORDS);
      if (!ids.length) ids = [this.model.unknown];
      this.cache.set(word, ids);
    }
    return ids;
  }

  /** The parts of a word between white space and around punctuation, as the tokenizer reads them. */
  split(word) {
    const read = Array.from(word, (c) => {
      if (/\p{Surrogate}/u.test(c)) c = "\ufffd";
      if (this.dropped.test(c)) return "";
      if (this.spaced.test(c)) return ` ${c} `;
      return this.changed.get(c) ?? c.normalize("NFD").replace(this.accents, "");
    }).join("");
    return Array.from(read, (c) => (this.punctuation.test(c) ? ` ${c} ` : c)).join("").split(" ").filter(Boolean);
  }

  /** The longest subwords of the vocabulary from left to right; unknown if there are none. */
  wordPieces(part) {
    const points = Array.from(part);
    const pieces = [];
    if (points.length > this.model.max_word) return [this.model.unknown];
    for (let start = 0; start < points.length; ) {
      let end = points.length;
      let id;
      for (; end > start; end--) {
        id = this.ids.get((start ? this.model.prefix : "") + points.slice(start, end).join(""));
        if (id !== undefined) break;
      }
      if (id === undefined) return [this.model.unknown];
      pieces.push(id);
      start = end;
    }
    return pieces;
  }

  /** The casing class of a word, as in vaner/text/casing.py. */
  casing(word) {
    const { is } = this.tools;
    const letters = Array.from(takePoints(word, this.limits.LONGEST_WORD)).filter((c) => is("islower", c) || is("istitle", c));
    const count = (name) => letters.filter((c) => is(name, c)).length;
    if (!letters.length) return 0;
    if (count("islower") === letters.length) return 1;
    if (count("isupper") === letters.length) return letters.length > 1 ? 4 : 2;
    return is("istitle", letters[0]) && count("islower") === letters.length - 1 ? 3 : 5;
  }

  /** The rows of a sentence: one, or overlapping windows if it is long. */
  rows(text, words, instruction) {
    const strings = this.tools.readWords(text, words);
    const subwords = strings.map((word) => this.subwords(word));
    const { after, max_subwords: longest } = this.model;
    const room = longest - instruction.length - after.length;
    return splitWindows(subwords.map((ids) => ids.length), room, Math.floor(room / 2)).map((window) => {
      const row = { input_ids: [...instruction], instruction: instruction.map(() => 1), word_starts: [], word_ends: [], casing: instruction.map(() => 0), window };
      for (let i = window.start; i < window.end; i++) {
        row.word_starts.push(row.input_ids.length);
        row.input_ids.push(...subwords[i]);
        row.word_ends.push(row.input_ids.length);
        const casing = this.casing(strings[i]);
        row.casing.push(...subwords[i].map(() => casing));
      }
      row.input_ids.push(...after);
      row.casing.push(...after.map(() => 0));
      while (row.instruction.length < row.input_ids.length) row.instruction.push(0);
      return row;
    });
  }
}

/** The windows of a word sequence, as in vaner/text/words.py. */
export function splitWindows(lengths, limit, overlap) {
  const ranges = [];
  for (let start = 0; ; ) {
    let [end, used] = [start, 0];
    while (end < lengths.length && used + lengths[end] <= limit) used += lengths[end++];
    ranges.push([start, end]);
    if (end === lengths.length) break;
    let [next, shared] = [end, 0];
    while (next - 1 > start && shared + lengths[next - 1] <= overlap) shared += lengths[--next];
    start = next;
  }
  const cuts = ranges.slice(1).map(([start], i) => (start + ranges[i][1]) >> 1);
  const edges = [0, ...cuts, lengths.length];
  return ranges.map(([start, end], i) => ({ start, end, keepStart: edges[i], keepEnd: edges[i + 1] }));
}
