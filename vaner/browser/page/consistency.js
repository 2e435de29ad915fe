// Gives a name the same type throughout a text, as vaner/linking/consistency.py does. Offsets are
// UTF-16 units of the text.

import { findAbbreviations } from "./abbreviations.js";
import { at, countPoints } from "./text.js";

/** The spans in order: by start, end and type. */
export const sortSpans = (spans) =>
  spans.sort((a, b) => a.start - b.start || a.end - b.end || (a.type < b.type ? -1 : Number(a.type > b.type)));

/**
 * Return the mentions of a text so that each name has one type, everywhere or nowhere.
 *
 * @param minScores minimum mean score of a name, by type
 */
export function makeConsistent(text, spans, tools, minScores = {}) {
  const { text: read, starts, ends, find } = tools.normalize(text);
  const change = (text, spans) =>
    dropImprobableNames(text, tagRepeatedNames(text, tagAbbreviations(text, spans, tools), tools), tools, minScores);
  if (!starts) return change(text, spans);
  const originals = new Map();
  const empty = [];
  const moved = [];
  for (const span of spans) {
    const [start, end] = [find(span.start), find(span.end)];
    if (start >= end) {
      empty.push(span);
    } else {
      originals.set(`${start}:${end}`, span);
      moved.push({ ...span, start, end });
    }
  }
  const result = change(read, moved).map((span) => {
    const { start, end } = originals.get(`${span.start}:${span.end}`) ?? { start: starts[span.start], end: ends[span.end - 1] };
    return { ...span, start, end };
  });
  return empty.length ? sortSpans([...result, ...empty]) : result;
}

function tagAbbreviations(text, spans, tools) {
  const byScore = [...spans].sort((a, b) => a.score - b.score); // the last one remains
  const mentions = new Map(byScore.map((span) => [`${span.start}:${span.end}`, span]));
  const known = new Map();
  for (const { short, long } of findAbbreviations(text, tools)) {
    const longForm = mentions.get(long.join(":"));
    if (longForm) known.set(foldCase(text.slice(...short), tools), longForm);
  }
  if (!known.size) return spans;
  const covered = cover(text, spans);
  const added = [];
  for (const { start, end, name } of findNames(text, known, tools)) {
    if (covered.slice(start, end).some(Boolean)) continue;
    added.push({ start, end, type: known.get(name).type, score: known.get(name).score });
    covered.fill(1, start, end);
  }
  const types = new Map([...known].map(([short, span]) => [short, span.type]));
  return sortSpans([...changeTypes(text, spans, types, tools), ...added]);
}

function tagRepeatedNames(text, spans, tools) {
  const names = new Map(); // name -> { sums: type -> sum of scores, count, missed }
  for (const { start, end, type, score } of spans) {
    const name = foldCase(text.slice(start, end), tools);
    if (!names.has(name)) names.set(name, { sums: new Map(), count: 0, missed: [] });
    const { sums } = names.get(name);
    sums.set(type, (sums.get(type) ?? 0) + score);
    names.get(name).count += 1;
  }
  const covered = cover(text, spans);
  for (const { start, end, name } of findNames(text, names, tools)) {
    if (covered.slice(start, end).some(Boolean)) continue;
    names.get(name).missed.push([start, end]);
    covered.fill(1, start, end);
  }
  const types = new Map();
  for (const [name, entry] of names) {
    const best = [...entry.sums].reduce((top, pair) => (pair[1] > top[1] ? pair : top));
    types.set(name, best[0]);
    const sum = [...entry.sums.values()].reduce((total, value) => total + value, 0);
    entry.mean = entry.missed.length ? sum / (entry.count + entry.missed.length) : 1;
  }
  const minimum = tools.consistency.MIN_MEAN_SCORE;
  const remaining = changeTypes(text, spans, types, tools)
    .filter(({ start, end }) => (names.get(foldCase(text.slice(start, end), tools))?.mean ?? 1) >= minimum);
  const added = [...names].filter(([, { mean }]) => mean >= minimum)
    .flatMap(([name, { missed, mean }]) => missed.map(([start, end]) => ({ start, end, type: types.get(name), score: mean })));
  return sortSpans([...remaining, ...added]);
}

function dropImprobableNames(text, spans, tools, minScores) {
  const scores = new Map();
  const key = ({ start, end, type }) => `${type}:${foldCase(text.slice(start, end), tools)}`;
  for (const span of spans) {
    const [sum, count] = scores.get(key(span)) ?? [0, 0];
    scores.set(key(span), [sum + span.score, count + 1]);
  }
  return spans.filter((span) => {
    const [sum, count] = scores.get(key(span));
    return sum >= (minScores[span.type] ?? 0) * count;
  });
}

function changeTypes(text, spans, types, tools) {
  const key = ({ start, end }) => `${start}:${end}`;
  const extents = new Map();
  for (const span of spans) extents.set(key(span), (extents.get(key(span)) ?? 0) + 1);
  return spans.map((span) => {
    const type = types.get(foldCase(text.slice(span.start, span.end), tools)) ?? span.type;
    return type !== span.type && extents.get(key(span)) === 1 ? { ...span, type } : span;
  });
}

function cover(text, spans) {
  const covered = new Uint8Array(text.length);
  for (const { start, end } of spans) covered.fill(1, start, end);
  return covered;
}

/** A name without the capitals of a heading or the start of a sentence. */
function foldCase(name, { is, consistency }) {
  const points = Array.from(name);
  const hasInnerCapitals = points.some((c, i) => i > 0 && is("isalnum", points[i - 1]) && is("isupper", c));
  const folded = name.toLowerCase();
  const isShort = points.length < consistency.MIN_FOLDED_LENGTH;
  return isShort || hasInnerCapitals || countPoints(folded) !== points.length ? name : folded;
}

/** Yield each occurrence of a name as complete words, the longest first, with its folded name. */
function* findNames(text, names, tools) {
  const lengths = new Map();
  for (const name of names.keys()) {
    if (!name.length || countPoints(name) > tools.consistency.MAX_LENGTH) continue;
    const first = at(name, 0).toLowerCase();
    if (!lengths.has(first)) lengths.set(first, new Set());
    lengths.get(first).add(name.length);
  }
  const words = tools.splitWords(text);
  const ends = new Set(words.map(([, end]) => end));
  for (const [start] of words) {
    for (const length of [...(lengths.get(at(text, start).toLowerCase()) ?? [])].sort((a, b) => b - a)) {
      const name = foldCase(text.slice(start, start + length), tools);
      if (ends.has(start + length) && names.has(name)) yield { start, end: start + length, name };
    }
  }
}
