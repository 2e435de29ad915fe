// "p.(Leu858Arg)" is one mention, as in vaner/text/variant_notation.py.

import { sortSpans } from "./consistency.js";

/** Return the mentions of a text, in which a protein variant is one Variant if a part of it is. */
export function joinProteinVariants(text, spans, { PROTEIN_VARIANT, BEFORE_SEPARATORS }) {
  if (!text.includes("p.(")) return spans;
  const variants = [...PROTEIN_VARIANT.findAll(text)].map(({ 0: found, index }) => ({ index, end: index + found.length, parts: [] }));
  const joined = [];
  for (const span of spans) {
    const first = variants[findFirst(variants, span.start)]; // the first variant that ends after its start
    if (span.type === "Variant" && first?.index < span.end) first.parts.push(span);
    else joined.push(span);
  }
  for (const { index, end, parts } of variants.filter(({ parts }) => parts.length)) {
    const score = Math.max(...parts.map((span) => span.score));
    const cut = parts.flatMap((span) => {
      const before = BEFORE_SEPARATORS.match(text.slice(span.start, Math.max(span.start, index)), 0);
      return before ? [{ ...span, end: span.start + before[0].length }] : [];
    });
    joined.push({ ...parts[0], start: index, end, score }, ...cut);
  }
  const byScore = joined.sort((a, b) => a.score - b.score); // of equal mentions, the last stays
  return sortSpans([...new Map(byScore.map((span) => [`${span.start}:${span.end}:${span.type}`, span])).values()]);
}

/** The index of the first variant that ends after an offset. */
function findFirst(variants, offset) {
  let [first, last] = [0, variants.length];
  while (first < last) {
    const middle = (first + last) >> 1;
    if (variants[middle].end > offset) last = middle;
    else first = middle + 1;
  }
  return first;
}
