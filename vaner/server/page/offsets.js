// The server counts code points of the text as it is. The browser counts UTF-16 units of what is
// shown, where a character beyond the first 65,536 is two, and a carriage return before a line feed
// is none. Here is the way from one to the other.

/** Number of UTF-16 units that each code point of a text takes where it is shown. */
function widths(points) {
  return points.map((one, i) => (one === "\r" && points[i + 1] === "\n" ? 0 : one.length));
}

/**
 * The place in code points of a range of what is shown, without white space at its ends.
 * Returns null where nothing is left.
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

/** The next place of some words in a text, from a code point on and then from the beginning. */
export function find(text, words, from) {
  const unit = slice(text, 0, from).length;
  const later = text.indexOf(words, unit);
  const found = later >= 0 ? later : text.indexOf(words);
  if (!words.trim() || found < 0) return null;
  const start = length(text.slice(0, found));
  return { start, end: start + length(words) };
}
