// "p.(Leu858Arg)" is one mention, as in vaner/text/variant_notation.py.

import { sortSpans } from "./consistency.js";

/** Return the mentions of a text, in which a protein variant is one Variant if a part of it is. */
export function joinProteinVariants(text, spans, { PROTEIN_VARIANT }) {
  if (!text.includes("p.(")) return spans;
  for (const { 0: found, index } of PROTEIN_VARIANT.findAll(text)) {
    const end = index + found.length;
    const isPart = (span) => span.type === "Variant" && span.start < end && index < span.end;
    const parts = spans.filter(isPart);
    if (!parts.length) continue;
    const score = Math.max(...parts.map((span) => span.score));
    const cut = parts.flatMap((span) => {
      const before = text.slice(span.start, Math.max(span.start, index)).replace(/[ \t\r\n,;:(/]+$/, "");
      return before ? [{ ...span, end: span.start + before.length }] : [];
    });
    spans = [...spans.filter((span) => !isPart(span)), { ...parts[0], start: index, end, score }, ...cut];
  }
  const byScore = [...spans].sort((a, b) => a.score - b.score); // of equal mentions, the last stays
  return sortSpans([...new Map(byScore.map((span) => [`${span.start}:${span.end}:${span.type}`, span])).values()]);
}
