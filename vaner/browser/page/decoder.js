// The most likely tags of a sentence and the probability of each mention, as in
// vaner/tagger/decoding.py. Emissions are one array of numbers per word.

const argmax = (values) => values.reduce((best, value, i) => (value > values[best] ? i : best), 0);

function logSumExp(values) {
  const top = Math.max(...values);
  return Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0)) + top;
}

export class Decoder {
  constructor({ tags, transitions }) {
    this.tags = tags.map((tag) => [tag[0], tag.slice(2)]);
    this.index = new Map(tags.map((tag, i) => [tag, i]));
    this.hasEnds = tags.some((tag) => tag[0] === "E");
    Object.assign(this, transitions); // start, between, end; -Infinity where the tag scheme forbids a transition
    this.count = tags.length;
  }

  /** The mentions of a sentence: { start, end, type, score }, in word indices. */
  decode(emissions) {
    const chunks = this.chunks(this.viterbi(emissions));
    if (!chunks.length) return [];
    const alpha = this.forward(emissions);
    const beta = this.backward(emissions);
    const total = logSumExp(alpha.at(-1).map((value, i) => value + this.end[i]));
    return chunks.map((chunk) => ({ ...chunk, score: this.probability(emissions, alpha, beta, total, chunk) }));
  }

  viterbi(emissions) {
    let best = emissions[0].map((value, i) => this.start[i] + value);
    const previous = emissions.slice(1).map((scores) => {
      const back = [];
      best = scores.map((score, j) => {
        const candidates = best.map((value, i) => value + this.between[i][j]);
        back.push(argmax(candidates));
        return candidates[back.at(-1)] + score;
      });
      return back;
    });
    const path = [argmax(best.map((value, i) => value + this.end[i]))];
    for (const back of previous.reverse()) path.push(back[path.at(-1)]);
    return path.reverse();
  }

  /** The mentions that a valid sequence of tags encodes. */
  chunks(path) {
    const chunks = [];
    path.forEach((tag, i) => {
      const [prefix, type] = this.tags[tag];
      if (prefix === "B" || prefix === "S") chunks.push({ start: i, end: i + 1, type });
      else if (prefix !== "O") chunks.at(-1).end = i + 1;
    });
    return chunks;
  }

  forward(emissions) {
    const alpha = [emissions[0].map((value, i) => this.start[i] + value)];
    for (const scores of emissions.slice(1)) {
      const last = alpha.at(-1);
      alpha.push(scores.map((score, j) => logSumExp(last.map((value, i) => value + this.between[i][j])) + score));
    }
    return alpha;
  }

  backward(emissions) {
    const beta = [this.end];
    for (let t = emissions.length - 1; t > 0; t--) {
      const next = beta[0].map((value, j) => value + emissions[t][j]);
      beta.unshift(this.between.map((row) => logSumExp(row.map((value, j) => value + next[j]))));
    }
    return beta;
  }

  probability(emissions, alpha, beta, total, { start, end, type }) {
    const tags = this.mentionTags(end - start, type);
    let score = alpha[start][tags[0]];
    for (let i = 1; i < tags.length; i++) score += this.between[tags[i - 1]][tags[i]] + emissions[start + i][tags[i]];
    const last = tags.at(-1);
    if (end === emissions.length) {
      score += this.end[last];
    } else {
      const continues = ([prefix, other]) => "IE".includes(prefix) && other === type;
      const suffixes = this.between[last].map((value, j) => value + emissions[end][j] + beta[end][j]);
      score += logSumExp(suffixes.filter((_, j) => !continues(this.tags[j])));
    }
    return Math.min(1, Math.exp(score - total));
  }

  mentionTags(length, type) {
    const inside = Array(Math.max(0, length - 1)).fill("I");
    const prefixes = !this.hasEnds ? ["B", ...inside] : length === 1 ? ["S"] : ["B", ...inside.slice(1), "E"];
    return prefixes.map((prefix) => this.index.get(type ? `${prefix}-${type}` : prefix));
  }
}
