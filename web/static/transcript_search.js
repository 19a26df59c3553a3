// Searches the transcript: marks every place in the text and on the waveform, and goes from one to the next.

import { wordStarts } from "./follow.js";
import { markSeconds } from "./lanes.js";

const WAIT = 120; // milliseconds after a key: who types a word does not want its first letter searched
const SHORTEST = 2; // letters: of one there are ten thousand in two hours, and nobody looks for them

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
function nodesOf(turn) {
  const walker = document.createTreeWalker(turn.querySelector(".turn-text"), NodeFilter.SHOW_TEXT);
  const nodes = [];
  for (let from = 0; walker.nextNode(); from += walker.currentNode.length) nodes.push({ node: walker.currentNode, from });
  return nodes;
}

function placeIn(nodes, at) {
  const { node, from } = nodes.findLast((one) => one.from <= at);
  return [node, Math.min(at - from, node.length)];
}

function secondOf(node, turn, starts) {
  const word = node.parentElement.closest(".turn-text > *");
  return starts[word ? [...word.parentElement.children].indexOf(word) : 0] ?? Number(turn.dataset.start ?? NaN);
}

function hitsIn(turn, wanted) {
  const text = folded(turn.querySelector(".turn-text").textContent);
  const places = [];
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) places.push(at);
  if (!places.length) return [];
  const [nodes, starts] = [nodesOf(turn), wordStarts(turn)];
  return places.map((at) => {
    const [[startContainer, startOffset], [endContainer, endOffset]] = [placeIn(nodes, at), placeIn(nodes, at + wanted.length)];
    const range = new StaticRange({ startContainer, startOffset, endContainer, endOffset }); // a live one costs too much
    return { range, turn, second: secondOf(startContainer, turn, starts) };
  });
}

/** Browsers without highlights still count the places and go to them. */
function highlight(name, ranges) {
  CSS.highlights?.set(name, ranges.reduce((all, range) => all.add(range), new Highlight()));
}

function secondsOf(some) {
  return some.map(({ second }) => second).filter((second) => !Number.isNaN(second));
}

function showAll() {
  highlight("found", hits.map(({ range }) => range));
  markSeconds("hit", secondsOf(hits));
  previous.disabled = next.disabled = !hits.length;
}

function showCurrent() {
  const now = current < 0 ? [] : [hits[current]];
  highlight("found-now", now.map(({ range }) => range));
  markSeconds("hit-now", secondsOf(now));
  const some = found.dataset.some.replace("{number}", current + 1).replace("{count}", hits.length);
  found.textContent = field.value.trim().length < SHORTEST ? "" : hits.length ? some : found.dataset.none;
}

function search() {
  const wanted = folded(field.value.trim().replace(/\s+/g, " "));
  const turns = wanted.length < SHORTEST ? [] : [...document.querySelectorAll(".turn")];
  hits = turns.flatMap((turn) => hitsIn(turn, wanted));
  current = Math.min(Math.max(current, 0), hits.length - 1);
  showAll();
  showCurrent();
}

function go(step) {
  if (!hits.length) return;
  current = (current + step + hits.length) % hits.length;
  showCurrent();
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
