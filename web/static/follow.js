// The transcript follows the audio, and a turn that is pressed is played.

import { start } from "./recording.js";

const audio = document.querySelector(".player-audio");
const button = document.querySelector("#player [data-play]");
let seekTo = null; // seconds, when a turn was pressed before the recording was here

function turns() {
  return [...document.querySelectorAll(".turn")]; // asked anew, since the page may have been brought up to date
}

function isInView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

function mark(turn, isSpoken) {
  if (isSpoken) turn.setAttribute("aria-current", "true");
  else turn.removeAttribute("aria-current");
}

function follow() {
  if (audio.hidden) return;
  const all = turns();
  const before = all.find((turn) => turn.hasAttribute("aria-current"));
  const now = all.findLast((turn) => Number(turn.dataset.start) <= audio.currentTime);
  if (now === before) return;
  const moves = Boolean(before && now && isInView(before)); // whoever has scrolled away reads something else
  if (before) mark(before, false);
  if (now) mark(now, true);
  if (moves) now.scrollIntoView({ block: "nearest" });
}

function seek(seconds) {
  if (audio.hidden) {
    seekTo = seconds;
    button?.click();
    return;
  }
  audio.currentTime = seconds;
  start(audio);
}

document.addEventListener("click", (event) => {
  const turn = event.target.closest(".turn");
  if (turn && getSelection().isCollapsed) seek(Number(turn.dataset.start)); // selecting words is not asking to hear them
});
audio.addEventListener("loadedmetadata", () => {
  if (seekTo !== null) audio.currentTime = seekTo;
  seekTo = null;
});
audio.addEventListener("timeupdate", follow);
audio.addEventListener("seeked", follow);
document.addEventListener("htmx:afterSwap", follow);
