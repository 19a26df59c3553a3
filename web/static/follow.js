// The transcript follows the audio, word by word, and what is pressed in it is played.

import { seek } from "./seek.js";

const HUNDREDTHS = 100; // in which a turn tells when its words begin

const audio = document.querySelector(".player-audio");
const transcript = document.getElementById("transcript");
let index = null; // made when it is needed, since a transcript may be of two hours, and anew when it is another one
let spoken = { turn: null, word: null };

function turns() {
  index ??= [...document.querySelectorAll(".turn[data-start]")].map((turn) => ({ turn, start: Number(turn.dataset.start) }));
  return index;
}

/** The last of them that has begun; they are in order. */
function lastBegun(starts, seconds) {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** When each word of a turn begins, in seconds; nothing where nobody kept it. */
export function wordStarts(turn) {
  const at = turn.querySelector(".turn-text").dataset.at;
  return at ? at.split(" ").map((hundredths) => Number(turn.dataset.start) + hundredths / HUNDREDTHS) : [];
}

function wordOf(turn, seconds) {
  return turn.querySelector(".turn-text").children[lastBegun(wordStarts(turn), seconds)] ?? null;
}

function isInView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

function follow() {
  if (audio.hidden) return;
  const known = turns();
  const starts = known.map(({ start }) => start);
  const turn = known[lastBegun(starts, audio.currentTime)]?.turn ?? null;
  if (turn !== spoken.turn) moveTo(turn);
  const word = turn && wordOf(turn, audio.currentTime);
  if (word === spoken.word) return;
  spoken.word?.classList.remove("is-spoken");
  word?.classList.add("is-spoken");
  spoken.word = word;
}

function moveTo(turn) {
  const moves = Boolean(spoken.turn && turn && isInView(spoken.turn)); // whoever has scrolled away reads something else
  spoken.turn?.removeAttribute("aria-current");
  turn?.setAttribute("aria-current", "true");
  spoken.turn = turn;
  if (moves) turn.scrollIntoView({ block: "nearest" });
}

function followOn() {
  follow();
  if (!audio.paused) requestAnimationFrame(followOn);
}

function secondsOf(target) {
  const turn = target.closest(".turn[data-start]");
  const place = target.closest("[data-seek]");
  if (place) return Number(place.dataset.seek);
  if (!turn) return null;
  const word = target.closest(".turn-text > *");
  return (word && wordStarts(turn)[[...word.parentElement.children].indexOf(word)]) ?? Number(turn.dataset.start);
}

document.addEventListener("click", (event) => {
  const seconds = secondsOf(event.target);
  if (seconds === null || !getSelection().isCollapsed) return; // selecting words is not asking to hear them
  if (event.target.closest("a[data-seek]")) event.preventDefault(); // it leads to the turn, where there is no script
  seek(seconds);
});

function startAnew() {
  index = null;
  spoken = { turn: null, word: null };
  for (const old of transcript.querySelectorAll("[aria-current], .is-spoken")) {
    old.removeAttribute("aria-current");
    old.classList.remove("is-spoken");
  }
  follow();
}

audio.addEventListener("play", followOn);
audio.addEventListener("timeupdate", follow);
audio.addEventListener("seeked", follow);
document.addEventListener("htmx:oobAfterSwap", startAnew);
