"use strict";
// The weights, and what is looked at. T queries, S keys, H heads.
const { maps } = JSON.parse(document.getElementById("data").textContent);
const MEAN = -1; // instead of a head: the mean of all
const LEAST_CURVE = 0.03;
const state = { kind: 0, layer: 0, head: MEAN, hovered: null, kept: null };
const $ = (id) => document.getElementById(id);
const percent = (weight) => `${(100 * weight).toFixed(Math.abs(weight) < 0.0995 ? 1 : 0)}%`;

for (const map of maps) {
  for (const layer of map.layers) {
    const bytes = Uint8Array.from(atob(layer.weights), (character) => character.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    layer.at = (head, row, column) => {
      const place = (head * map.queries.length + row) * map.keys.length + column;
      return layer.least + layer.step * view.getUint16(2 * place, true);
    };
  }
}

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function drawn(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** The weights of one head, or the mean of all, as rows of numbers (T, S). */
function weightsOf(map, layer, head) {
  const { heads, at } = map.layers[layer];
  const chosen = head === MEAN ? Array.from({ length: heads }, (_, number) => number) : [head];
  return map.queries.map((_, row) =>
    map.keys.map((_, column) => chosen.reduce((sum, each) => sum + at(each, row, column), 0) / chosen.length));
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).split(",").map(Number);
  return { positive: read("--rgb"), negative: read("--negative") };
}

/** One pixel a weight, as opaque as the weight is large; the style sheet stretches it. */
function paint(canvas, weights) {
  canvas.width = weights[0].length;
  canvas.height = weights.length;
  const greatest = Math.max(...weights.map((row) => Math.max(...row.map(Math.abs)))) || 1;
  const { positive, negative } = colours();
  const image = new ImageData(canvas.width, canvas.height);
  weights.flat().forEach((weight, place) => {
    const colour = weight < 0 ? negative : positive;
    image.data.set([...colour, (255 * Math.abs(weight)) / greatest], 4 * place);
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return greatest;
}

// Tokens and curves ------------------------------------------------------------------------------

/** What is looked at: a query, a key, or one cell of both. */
const focus = () => state.hovered ?? state.kept;
const same = (one, other) => one?.query === other?.query && one?.key === other?.key;

function hover(what) {
  state.hovered = what;
  mark();
}

function keep(what) {
  state.kept = same(state.kept, what) ? null : what;
  mark();
}

function listTokens(list, tokens, side) {
  list.replaceChildren(...tokens.map((token, number) => {
    const what = { [side]: number };
    const button = element("button", token, { type: "button", title: token, "aria-pressed": "false" });
    button.addEventListener("pointerenter", () => hover(what));
    button.addEventListener("pointerleave", () => hover(null));
    button.addEventListener("focus", () => button.matches(":focus-visible") && hover(what));
    button.addEventListener("blur", () => hover(null));
    button.addEventListener("click", () => keep(what));
    const item = element("li");
    item.append(button, element("small"));
    return item;
  }));
}

function curve(from, to, weight, height, scale) {
  const [y, z] = [(from + 0.5) * height, (to + 0.5) * height];
  const path = drawn("path", { d: `M2 ${y}C50 ${y} 50 ${z} 98 ${z}` });
  path.style.strokeWidth = 0.75 + 4 * Math.abs(weight) * scale;
  path.style.opacity = Math.min(1, 0.08 + 0.92 * Math.abs(weight) * scale);
  if (weight < 0) path.classList.add("negative");
  return path;
}

function markTokens(weights) {
  const { query, key } = focus() ?? {};
  const looking = focus() !== null;
  $("links").classList.toggle("looking", looking);
  const seen = (row, column) => (query ?? row) === row && (key ?? column) === column;
  const items = { query: [...$("queries").children], key: [...$("keys").children] };
  const weightAt = {
    query: (row) => (key === undefined ? null : weights[row][key]),
    key: (column) => (query === undefined ? null : weights[query][column]),
  };
  for (const [side, list] of Object.entries(items)) {
    list.forEach((item, number) => {
      const [button, small] = item.children;
      const weight = weightAt[side](number);
      const chosen = { query, key }[side] === number;
      item.classList.toggle("chosen", chosen);
      item.classList.toggle("faint", !chosen && (weight === null || Math.abs(weight) < LEAST_CURVE));
      button.setAttribute("aria-pressed", String(state.kept?.[side] === number));
      const colour = weight < 0 ? "--negative" : "--rgb";
      button.style.background = weight === null || chosen ? "" : `rgba(var(${colour}), ${0.6 * Math.abs(weight)})`;
      small.textContent = weight === null || (Math.abs(weight) < LEAST_CURVE && !chosen) ? "" : percent(weight);
    });
  }
  const height = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row"));
  const rows = Math.max(weights.length, weights[0].length);
  const svg = $("curves");
  svg.setAttribute("viewBox", `0 0 100 ${rows * height}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.style.height = `${rows * height}px`;
  svg.replaceChildren(...weights.flatMap((row, from) => row.flatMap((weight, to) =>
    Math.abs(weight) >= LEAST_CURVE && seen(from, to) ? [curve(from, to, weight, height, looking ? 1 : 0.7)] : [])));
}

function readOut(map, weights) {
  const { query, key } = focus() ?? {};
  const out = $("readout");
  out.replaceChildren();
  if (focus() === null) return;
  if (query !== undefined && key !== undefined) {
    out.append(element("b", map.queries[query]), ` ${map.verb} `, element("b", map.keys[key]), `: ${percent(weights[query][key])}`);
    return;
  }
  const [token, others, list] = query !== undefined
    ? [map.queries[query], map.keys, weights[query]]
    : [map.keys[key], map.queries, weights.map((row) => row[key])];
  const most = list.map((weight, number) => [weight, number]).sort((one, other) => other[0] - one[0]).slice(0, 5);
  out.append(element("b", token), query !== undefined ? ` ${map.verb} ` : " is attended to by ");
  most.forEach(([weight, number], place) => out.append(place ? ", " : "", element("b", others[number]), ` ${percent(weight)}`));
}

// The matrix -------------------------------------------------------------------------------------

const frame = { left: 0, top: 0, cell: 0 };
const short = (token) => (token.length > 14 ? `${token.slice(0, 13)}…` : token);

function drawMatrix(map, weights) {
  const [rows, columns] = [map.queries.length, map.keys.length];
  const room = Math.max(260, $("matrix").clientWidth - 40);
  const longest = (tokens) => Math.max(...tokens.map((token) => short(token).length));
  const labels = Math.max(rows, columns) <= 48;
  frame.left = labels ? 12 + 7.2 * longest(map.queries) : 0;
  frame.top = labels ? 12 + 7.2 * longest(map.keys) : 0;
  frame.cell = Math.max(labels ? 11 : 4, Math.min(26, Math.floor((room - frame.left) / columns), Math.floor(520 / rows)));
  const [width, height] = [frame.cell * columns, frame.cell * rows];
  const canvas = $("map");
  const greatest = paint(canvas, weights);
  Object.assign(canvas.style, { left: `${frame.left}px`, top: `${frame.top}px`, width: `${width}px`, height: `${height}px` });
  canvas.parentElement.style.width = `${frame.left + width + 1}px`;
  const svg = $("axes");
  svg.setAttribute("width", frame.left + width + 1);
  svg.setAttribute("height", frame.top + height + 1);
  svg.replaceChildren(drawn("rect", { visibility: "hidden" }));
  const negative = weights.some((row) => row.some((weight) => weight < 0));
  $("least").textContent = negative ? "0, or in the other colour less" : "0%";
  $("greatest").textContent = percent(greatest);
  if (!labels) return;
  const middle = (number) => (number + 0.5) * frame.cell;
  map.queries.forEach((token, row) => svg.append(drawn("text",
    { x: frame.left - 6, y: frame.top + middle(row), "text-anchor": "end", "dominant-baseline": "central", "data-query": row }, short(token))));
  map.keys.forEach((token, column) => svg.append(drawn("text",
    { transform: `translate(${frame.left + middle(column)} ${frame.top - 6}) rotate(-90)`, "dominant-baseline": "central", "data-key": column },
    short(token))));
}

function markMatrix(map) {
  const { query, key } = focus() ?? {};
  const box = $("axes").querySelector("rect");
  box.setAttribute("visibility", focus() === null ? "hidden" : "visible");
  const [columns, rows] = [map.keys.length, map.queries.length];
  const place = {
    x: frame.left + (key ?? 0) * frame.cell, width: (key === undefined ? columns : 1) * frame.cell,
    y: frame.top + (query ?? 0) * frame.cell, height: (query === undefined ? rows : 1) * frame.cell,
  };
  for (const [name, value] of Object.entries(place)) box.setAttribute(name, value);
  for (const text of $("axes").querySelectorAll("text")) {
    const { query: row, key: column } = text.dataset;
    text.classList.toggle("chosen", (row !== undefined && Number(row) === query) || (column !== undefined && Number(column) === key));
  }
}

/** The cell, row or column of the matrix under a pointer; null outside. */
function under(event) {
  const area = $("axes").getBoundingClientRect();
  const map = maps[state.kind];
  const column = Math.floor((event.clientX - area.left - frame.left) / frame.cell);
  const row = Math.floor((event.clientY - area.top - frame.top) / frame.cell);
  const what = {};
  if (row >= 0 && row < map.queries.length) what.query = row;
  if (column >= 0 && column < map.keys.length) what.key = column;
  return "query" in what || "key" in what ? what : null;
}

// Choosing ---------------------------------------------------------------------------------------

function drawOverview(map) {
  const grid = $("overview");
  const most = Math.max(...map.layers.map((layer) => layer.heads));
  const size = Math.max(34, Math.min(96, Math.floor(($("matrix").clientWidth - 60) / most) - 5));
  grid.style.gridTemplateColumns = `1.6rem repeat(${most}, ${size}px)`;
  const cells = [element("span"), ...Array.from({ length: most }, (_, head) => element("span", head + 1))];
  map.layers.forEach((layer, number) => {
    cells.push(element("span", number + 1, { title: `Layer ${number + 1}` }));
    for (let head = 0; head < most; head += 1) {
      if (head >= layer.heads) {
        cells.push(element("span"));
        continue;
      }
      const name = `Layer ${number + 1}, head ${head + 1}`;
      const button = element("button", undefined, { type: "button", title: name, "aria-label": name, "data-at": `${number},${head}` });
      const canvas = element("canvas");
      paint(canvas, weightsOf(map, number, head));
      button.append(canvas);
      button.addEventListener("click", () => choose({ layer: number, head }));
      cells.push(button);
    }
  });
  grid.replaceChildren(...cells);
}

function fill(select, names, value) {
  select.replaceChildren(...names.map(([key, name]) => element("option", name, { value: key })));
  select.value = value;
}

function choose(change) {
  Object.assign(state, change);
  const map = maps[state.kind];
  if ("kind" in change) Object.assign(state, { hovered: null, kept: null, layer: Math.min(state.layer, map.layers.length - 1) });
  const { heads } = map.layers[state.layer];
  if (state.head >= heads) state.head = MEAN;
  fill($("layer"), map.layers.map((_, number) => [number, number + 1]), state.layer);
  fill($("head"), [[MEAN, "mean of all"], ...Array.from({ length: heads }, (_, head) => [head, head + 1])], state.head);
  for (const button of $("kinds").children) button.setAttribute("aria-pressed", String(Number(button.dataset.kind) === state.kind));
  if ("kind" in change) {
    $("size").textContent = ` · ${map.layers.length} layers × ${heads} heads`;
    document.querySelector(".captions").lastChild.textContent = map.verb;
    listTokens($("queries"), map.queries, "query");
    listTokens($("keys"), map.keys, "key");
    drawOverview(map);
  }
  for (const button of $("overview").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.at === `${state.layer},${state.head}`));
  }
  state.weights = weightsOf(map, state.layer, state.head);
  drawMatrix(map, state.weights);
  mark();
}

function mark() {
  const map = maps[state.kind];
  markTokens(state.weights);
  markMatrix(map);
  readOut(map, state.weights);
}

$("kinds").append(...maps.map((map, kind) => element("button", map.title, { type: "button", "data-kind": kind })));
$("kinds").addEventListener("click", ({ target }) => target.dataset.kind && choose({ kind: Number(target.dataset.kind) }));
$("layer").addEventListener("change", ({ target }) => choose({ layer: Number(target.value) }));
$("head").addEventListener("change", ({ target }) => choose({ head: Number(target.value) }));
$("axes").addEventListener("pointermove", (event) => hover(under(event)));
$("axes").addEventListener("pointerleave", () => hover(null));
$("axes").addEventListener("click", (event) => keep(under(event)));
document.addEventListener("keydown", (event) => event.key === "Escape" && keep(state.kept));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => choose({ kind: state.kind }));
let resized;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => choose({ kind: state.kind }), 150);
});
choose({ kind: 0, layer: maps[0].layers.length - 1 });
