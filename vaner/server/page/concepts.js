// Identifiers and candidates of mentions: links to the descriptions of their concepts.

let rules = { homes: {}, bare: [] }; // as in vaner/display/identifier_links.toml

export function setRules(loaded) {
  rules = loaded;
}

const simplify = (prefix) => prefix.toLowerCase().replace(/[^a-z0-9]/g, "");

/** The address of a concept's description, or null; as `find_link` in Python. */
export function addressOf(identifier, type) {
  if (identifier.length > 200) return null;
  const colon = identifier.indexOf(":");
  let [prefix, localId] = [identifier.slice(0, Math.max(colon, 0)), identifier.slice(colon + 1)];
  if (colon < 0 || !Object.hasOwn(rules.homes, simplify(prefix))) [prefix, localId] = readBare(identifier, type);
  if (!/^[A-Za-z0-9][A-Za-z0-9_.~:-]{0,63}$/.test(localId)) return null;
  return rules.homes[simplify(prefix)].replace("{}", localId);
}

function readBare(identifier, type) {
  for (const rule of rules.bare) {
    const match = identifier.match(new RegExp(`^(?:${rule.pattern})$`));
    if (match && (rule.type ?? type).toLowerCase() === type.toLowerCase()) return [rule.prefix, match[1]];
  }
  return ["", ""];
}

/** An identifier, as a link if its home is known. */
function identifierNode(identifier, type) {
  const address = addressOf(identifier, type);
  const node = document.createElement(address ? "a" : "span");
  node.textContent = identifier;
  if (address) Object.assign(node, { href: address, target: "_blank", rel: "noreferrer" });
  return node;
}

/** List the identifiers and the candidates of a mention; a button selects a candidate. */
export function conceptItems(span, select) {
  const items = (span.identifiers ?? []).map((identifier) => [identifierNode(identifier, span.type)]);
  for (const { id, name, score } of span.candidates ?? []) {
    if (span.identifiers?.includes(id)) continue;
    const choose = document.createElement("button");
    choose.type = "button";
    choose.textContent = `${name}${score === undefined ? "" : ` · ${score.toFixed(2)}`}`;
    choose.addEventListener("click", () => select(id));
    items.push([choose, " ", identifierNode(id, span.type)]);
  }
  return items.map((nodes) => {
    const item = document.createElement("li");
    item.append(...nodes);
    return item;
  });
}

/** The details of a mention, on one line. */
export function describe(span) {
  const facts = [span.type];
  if (span.score !== undefined && span.score !== null) facts.push(span.score.toFixed(3));
  facts.push(...(span.identifiers ?? []));
  facts.push(...(span.context ?? []).map(({ attribute, text }) => `${attribute} (“${text}”)`));
  const names = (span.candidates ?? []).filter(({ id }) => !span.identifiers?.includes(id));
  if (names.length) facts.push(`or ${names.slice(0, 3).map(({ name }) => name).join(", ")}`);
  return [...facts, `${span.start}:${span.end}`].join(" · ");
}
