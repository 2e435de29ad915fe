// A web worker that loads the model and annotates, so that the page stays responsive.

import * as ort from "./onnxruntime/ort.wasm.min.mjs";
import { Annotator } from "./annotator.js";

ort.env.wasm.numThreads = 1; // several threads need headers (COOP and COEP) that few web servers send
ort.env.wasm.wasmPaths = new URL("./onnxruntime/", import.meta.url).href;

const post = (id, message) => self.postMessage({ id, ...message });

/** Load a file of the page, and report the share of its bytes that have arrived. */
async function load(path, report = () => {}) {
  const response = await fetch(new URL(path, import.meta.url));
  if (!response.ok) throw new Error(`${path} cannot be loaded (${response.status})`);
  const size = Number(response.headers.get("Content-Length"));
  const parts = [];
  let loaded = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts);
    parts.push(value);
    loaded += value.length;
    if (size) report(Math.min(1, loaded / size));
  }
}

const loadJson = async (path) => JSON.parse(await (await load(path)).text());

async function start() {
  const [model, tables, graph] = await Promise.all([
    loadJson("model.json"),
    loadJson("tables.json"),
    load("model/model.onnx", (share) => post(0, { share })),
  ]);
  const session = await ort.InferenceSession.create(await graph.arrayBuffer(), { executionProviders: ["wasm"] });
  const run = async (row) => {
    const feed = Object.fromEntries(session.inputNames.map((name) =>
      [name, new ort.Tensor("int64", BigInt64Array.from(row[name], BigInt), [1, row[name].length])]));
    return (await session.run(feed)).emissions.data;
  };
  const { name, version, looks } = model;
  post(0, { result: { name, version, looks } });
  return new Annotator(model, tables, run);
}

const annotator = start();
annotator.catch((error) => post(0, { error: error.message }));

let previous = annotator;
self.onmessage = ({ data: { id, text, options } }) => {
  previous = previous.then(async () => {
    try {
      post(id, { result: await (await annotator).annotate(text, options, (share) => post(id, { share })) });
    } catch (error) {
      post(id, { error: error.message });
    }
  });
};
