// Searches the transcript: marks every place in the text and on the waveform, and goes from one to the next.

import { wordStarts } from "./follow.js";
import { markHits } from "./lanes.js";

const WAIT = 120; // milliseconds after a key: who types a word does not want its first letter searched

const field = document.getElementById("transcript-search");
const found = document.querySelector('[data-part="found"]');
const previous = document.querySelector('[data-part="previous"]');
const next = document.querySelector('[data-part="next"]');
let hits = []; // {range, turn, second}
let current = -1;
let timer = null;

/** The letters as they are compared. A letter that has two small ones would shift all that follow. */
function folded(text) {
  const small = text.toLowerCase();
  return small.length === text.length ? small : text;
}

/** A turn's text nodes in a row, and where each begins in it. */
function textOf(turn) {
  const walker = document.createTreeWalker(turn.querySelector(".turn-text"), NodeFilter.SHOW_TEXT);
  const nodes = [];
  let text = "";
  while (walker.nextNode()) {
    nodes.push({ node: walker.currentNode, from: text.length });
    text += walker.currentNode.data;
  }
  return { text: folded(text), nodes };
}

function placeIn(nodes, at) {
  const { node, from } = nodes.findLast((one) => one.from <= at);
  return [node, Math.min(at - from, node.length)];
}

function hitAt(turn, nodes, at, length) {
  const range = new Range();
  range.setStart(...placeIn(nodes, at));
  range.setEnd(...placeIn(nodes, at + length));
  const word = range.startContainer.parentElement.closest(".turn-text > *");
  const starts = word ? wordStarts(turn) : [];
  const second = starts[word ? [...word.parentElement.children].indexOf(word) : 0] ?? Number(turn.dataset.start ?? NaN);
  return { range, turn, second };
}

function* hitsIn(turn, wanted) {
  const { text, nodes } = textOf(turn);
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
    yield hitAt(turn, nodes, at, wanted.length);
  }
}

/** Browsers without highlights still count the places and go to them. */
function highlight(name, ranges) {
  CSS.highlights?.set(name, new Highlight(...ranges));
}

function show() {
  const count = hits.length;
  highlight("found", hits.map(({ range }) => range));
  highlight("found-now", current < 0 ? [] : [hits[current].range]);
  markHits(hits.map(({ second }) => second).filter((second) => !Number.isNaN(second)), current);
  const some = found.dataset.some.replace("{number}", current + 1).replace("{count}", count);
  found.textContent = field.value.trim() ? (count ? some : found.dataset.none) : "";
  previous.disabled = next.disabled = !count;
}

function search() {
  const wanted = folded(field.value.trim().replace(/\s+/g, " "));
  hits = wanted ? [...document.querySelectorAll(".turn")].flatMap((turn) => [...hitsIn(turn, wanted)]) : [];
  current = Math.min(Math.max(current, 0), hits.length - 1);
  show();
}

function go(step) {
  if (!hits.length) return;
  current = (current + step + hits.length) % hits.length;
  show();
  hits[current].turn.scrollIntoView({ block: "center" });
}

function searchAnew() {
  current = 0;
  search();
  if (hits.length) hits[0].turn.scrollIntoView({ block: "nearest" });
}

field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(searchAnew, WAIT);
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
});
previous.addEventListener("click", () => go(-1));
next.addEventListener("click", () => go(1));
document.addEventListener("htmx:oobAfterSwap", search);
