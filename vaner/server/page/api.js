// Requests to the server. Its errors become messages for users.

import { request as send } from "./api_key.js";
import { Problem, setStatus } from "./messages.js";
import { state } from "./state.js";

const JSON_TYPE = "application/json";
const PART = { documents: 100, characters: 100_000 }; // per request, so that the progress is visible

const SERVER_MESSAGES = {
  413: (text) => `This is more than the server accepts at once: ${text}.`,
  429: () => "You have sent many requests in a short time. Wait a moment.",
  500: (text) => `The server failed on this text (${text}). Its log has details.`,
  503: () => "The server is busy.",
  504: () => "This took too long. Try again, or use less text.",
};

async function request(path, options) {
  let response;
  try {
    response = await send(path, options);
  } catch (error) {
    if (!(error instanceof TypeError)) throw new Problem(error.message, [], true); // no API key
    throw new Problem("The server does not answer. Check that vaner serve is running.", [], true);
  }
  if (response.ok) return response;
  const { error, parameter } = await response.json().catch(() => ({ error: response.statusText }));
  const describe = SERVER_MESSAGES[response.status];
  const problem = new Problem(describe ? describe(error) : capitalize(error), [], response.status >= 429);
  throw Object.assign(problem, { status: response.status, parameter });
}

const LOCATION = /^([^\s:]+|[^:]*\.\w+)(:\d+)?: /; // a file, with or without a line, or a parameter

const capitalize = (text) =>
  LOCATION.test(text) ? `${text}.` : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

export const get = async (path) => (await request(path)).json();

const post = (path, body, type = JSON_TYPE) =>
  request(path, { method: "POST", body, headers: { "Content-Type": type } });

/** The types that a request names: all of the model, and those that the user adds. */
function requestedTypes() {
  const others = document.getElementById("other").value.split(",").map((name) => name.trim());
  const added = others.filter(Boolean);
  if (!added.length && !state.about.types.length) throw new Problem("Name a type to find.");
  return added.length ? [...state.about.types, ...added] : null;
}

/** Documents with the mentions that the model finds. */
export async function annotate(documents) {
  const types = requestedTypes();
  const min_score = document.getElementById("all-scores").checked ? 0 : null; // null: of the model
  const annotated = [];
  for (const part of parts(documents)) {
    if (documents.length > part.length) {
      setStatus(`Annotating documents ${annotated.length + 1} to ${annotated.length + part.length} of ${documents.length} …`);
    }
    const bare = part.map(({ spans, ...document }) => document);
    const response = await post("annotate?format=json", JSON.stringify({ documents: bare, types, min_score }));
    annotated.push(...(await response.json()).documents);
  }
  return annotated;
}

function* parts(documents) {
  const { limits } = state.about;
  const documentLimit = Math.min(PART.documents, limits.documents);
  const sizeLimit = Math.min(PART.characters, limits.characters, (limits.words || Infinity) * 4);
  let part = [];
  let size = 0;
  for (const document of documents) {
    if (part.length && (part.length >= documentLimit || size + document.text.length > sizeLimit)) {
      yield part;
      [part, size] = [[], 0];
    }
    part.push(document);
    size += document.text.length;
  }
  if (part.length) yield part;
}

/** The documents in a file, with its mentions. */
export async function read(file, { format, encoding, column } = {}) {
  const query = new URLSearchParams({ format: "json", name: file.name });
  if (format) query.set("input_format", format);
  if (column) query.set("text_column", column);
  const type = `application/octet-stream${encoding ? `; charset=${encoding}` : ""}`;
  return (await (await post(`convert?${query}`, file, type)).json()).documents;
}

/** The HTML of documents, the order of their mentions, and the looks of types. */
export async function draw(documents, types, first) {
  const query = new URLSearchParams({ first });
  types.forEach((name) => query.append("type", name));
  return (await post(`draw?${query}`, JSON.stringify({ documents }))).json();
}

/** A file with documents: its content, its suffix, and what the format could not hold. */
export async function convert(documents, format) {
  const response = await post(`convert?format=${format}`, JSON.stringify({ documents }));
  const suffix = response.headers.get("Content-Disposition").match(/filename="vaner(.*)"/)[1];
  return { blob: await response.blob(), suffix, lost: response.headers.get("X-Vaner-Lost") };
}
