// Documents with their mentions as elements of the page.

function create(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A document: its name, its text with highlighted mentions, and a table of them. */
export function renderDocument({ name, text, spans }, looks) {
  const body = create("p", { className: "text", dir: "auto", lang: "" });
  body.append(...renderText(text, spans, looks));
  return create("article", {}, create("h2", { textContent: name, dir: "auto" }), body, renderTable(spans));
}

/** The pieces of a text between the ends of mentions; each piece is in the marks of its mentions. */
function renderText(text, spans, looks) {
  const points = Array.from(text);
  const edges = [...new Set([0, points.length, ...spans.flatMap(({ start, end }) => [start, end])])].sort((a, b) => a - b);
  return edges.slice(0, -1).flatMap((start, i) => {
    const around = spans.filter((span) => span.start <= start && span.end > start);
    const piece = points.slice(start, edges[i + 1]).join("").replaceAll("\r\n", "\n");
    if (!around.length) return [piece];
    return [around.reduceRight((content, span) => renderMark(content, span, span.end === edges[i + 1], looks), piece)];
  });
}

function renderMark(content, { type, score, end, start }, isEnd, looks) {
  const mark = create("mark", { className: `line t${looks.get(type)} l0`, title: `${type} · ${score.toFixed(3)} · ${start}:${end}` }, content);
  if (isEnd) mark.append(create("span", { className: "label" }, create("span", { className: "sr", textContent: ` (${type})` }), tag(type)));
  return mark;
}

/** The type after a mention. It is CSS content, not text, so it is neither searched nor copied. */
function tag(type) {
  const element = create("span", { className: "tag", ariaHidden: "true" });
  element.dataset.t = type;
  return element;
}

function renderTable(spans) {
  if (!spans.length) return create("p", { className: "none", textContent: "no mentions" });
  const head = ["mention", "type", "score", "start", "end"].map((name) => create("th", { scope: "col", textContent: name }));
  const rows = spans.map(({ text, type, score, start, end }) =>
    create("tr", {}, ...[text, type, score.toFixed(3), start, end].map((value) => create("td", { textContent: value, dir: "auto" }))));
  const table = create("table", {}, create("thead", {}, create("tr", {}, ...head)), create("tbody", {}, ...rows));
  const noun = spans.length === 1 ? "mention" : "mentions";
  return create("details", {}, create("summary", { textContent: `${spans.length} ${noun}` }), table);
}

/** The types as boxes to check, in the look of their mentions, with the number of mentions. */
export function renderTypes(looks, counts, hidden, onChange) {
  return [...looks].map(([type, look]) => {
    const box = create("input", { type: "checkbox", checked: !hidden.has(type), value: type });
    box.addEventListener("change", () => onChange(type, box.checked));
    const name = create("mark", { className: `line t${look} l0`, textContent: type });
    return create("li", {}, create("label", {}, box, " ", name, ` ${counts.get(type) ?? 0}`));
  });
}
