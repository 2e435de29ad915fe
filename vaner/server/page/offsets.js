// Conversion of offsets. The server counts the code points of the original text. The browser counts
// the UTF-16 units of the text on the page: a character beyond the first 65,536 has two units, and a
// carriage return before a line feed has none.

let latest = { text: "", points: [] }; // most calls are about the same text as the call before

function split(text) {
  if (latest.text !== text) latest = { text, points: Array.from(text) };
  return latest.points;
}

/** The number of UTF-16 units of each code point of a text, as it is on the page. */
function widths(points) {
  return points.map((point, i) => (point === "\r" && points[i + 1] === "\n" ? 0 : point.length));
}

/**
 * The range in code points of a range on the page, without white space at its ends.
 * Returns null if the range is empty or contains only white space.
 */
export function placeOf(text, first, last) {
  const points = split(text);
  let start = null;
  let end = 0;
  let units = 0;
  widths(points).forEach((width, i) => {
    const inside = width > 0 && units < last && units + width > first;
    if (inside && points[i].trim()) {
      start ??= i;
      end = i + 1;
    }
    units += width;
  });
  return start === null ? null : { start, end };
}

/** The text between two code points. */
export function slice(text, start, end) {
  return split(text).slice(start, end).join("");
}

/** The text of a mention; its pieces are joined by a space. */
export function wordsOf(document, { start, end, fragments }) {
  return (fragments ?? [[start, end]]).map(([s, e]) => slice(document.text, s, e)).join(" ");
}

/** Number of code points of a text. */
export function length(text) {
  return split(text).length;
}

/** The occurrence of words in a text that is nearest to a code point. White space may differ. */
export function find(text, words, from) {
  const parts = words.trim().split(/\s+/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!parts[0]) return null;
  const unit = slice(text, 0, from).length;
  const distance = ({ index }) => Math.abs(index - unit);
  const nearest = [...text.matchAll(new RegExp(parts.join("\\s+"), "g"))]
    .reduce((best, match) => (best && distance(best) <= distance(match) ? best : match), null);
  if (!nearest) return null;
  const start = Array.from(text.slice(0, nearest.index)).length;
  return { start, end: start + Array.from(nearest[0]).length };
}

/** Whether two mentions have the same words. Only short ones, such as CAT, depend on case. */
export function isSame(words, others) {
  const length = Array.from(words).length;
  return words === others || (length > 4 && words.toLowerCase() === others.toLowerCase());
}

/** All occurrences of words in a text, if no letter or digit precedes or follows them. */
export function occurrences(text, words) {
  const points = split(text);
  const count = Array.from(words).length;
  const isPart = (point) => point !== undefined && /[\p{L}\p{N}]/u.test(point);
  const first = Array.from(words)[0].toLowerCase();
  return points.flatMap((point, start) => {
    if (point.toLowerCase() !== first || isPart(points[start - 1]) || isPart(points[start + count])) return [];
    const end = start + count;
    return isSame(words, points.slice(start, end).join("")) ? [{ start, end }] : [];
  });
}
