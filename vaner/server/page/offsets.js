// Conversion of offsets. The server counts the code points of the original text. The browser counts
// the UTF-16 units of the text on the page: a character beyond the first 65,536 has two units, and a
// carriage return before a line feed has none.

/** The number of UTF-16 units of each code point of a text, as it is on the page. */
function widths(points) {
  return points.map((point, i) => (point === "\r" && points[i + 1] === "\n" ? 0 : point.length));
}

/**
 * The range in code points of a range on the page, without white space at its ends.
 * Returns null if the range is empty or contains only white space.
 */
export function placeOf(text, first, last) {
  const points = Array.from(text);
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
  return Array.from(text).slice(start, end).join("");
}

/** Number of code points of a text. */
export function length(text) {
  return Array.from(text).length;
}

/** The next occurrence of words in a text, starting at a code point and wrapping around. */
export function find(text, words, from) {
  const unit = slice(text, 0, from).length;
  const next = text.indexOf(words, unit);
  const index = next >= 0 ? next : text.indexOf(words);
  if (!words.trim() || index < 0) return null;
  const start = length(text.slice(0, index));
  return { start, end: start + length(words) };
}
