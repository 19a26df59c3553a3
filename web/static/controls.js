// The player's controls: the clock, the speed, the keys.

import { skip } from "./seek.js";

const STEP = 5; // seconds an arrow key
const SPEED = "speed"; // under which the browser remembers it
const KEYS = { ArrowLeft: -STEP, ArrowRight: STEP };
const TYPED_IN = "input, textarea, select, [contenteditable]";
const PRESSED = `button, a, summary, ${TYPED_IN}`;

const player = document.getElementById("player");
const audio = player.querySelector(".player-audio");
const button = player.querySelector("[data-play]");
const position = player.querySelector(".position");
const speed = player.querySelector('[data-part="speed"]');

function part(name) {
  return player.querySelector(`[data-part="${name}"]`);
}

function written(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function tell() {
  const [now, length] = [written(audio.currentTime), written(audio.duration || Number(position.ariaValueMax))];
  if (part("now").textContent === now && part("length").textContent === length) return;
  part("now").textContent = now;
  part("length").textContent = length;
  position.ariaValueNow = Math.floor(audio.currentTime);
  position.ariaValueText = position.dataset.of.replace("{now}", now).replace("{length}", length);
}

function learnLength() {
  if (Number.isFinite(audio.duration)) position.ariaValueMax = Math.floor(audio.duration);
  tell();
}

function setSpeed(value) {
  audio.defaultPlaybackRate = audio.playbackRate = Number(value); // a new recording begins at the default one
}

/** A browser may forbid to remember anything; then the speed holds as long as the page. */
function remembered() {
  try {
    return localStorage.getItem(SPEED);
  } catch {
    return null;
  }
}

function remember(value) {
  try {
    localStorage.setItem(SPEED, value);
  } catch {
    // as above
  }
}

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const at = event.target;
  if (event.key === " " && !at.closest(PRESSED)) button.click();
  else if (event.key in KEYS && !at.closest(TYPED_IN)) skip(KEYS[event.key]);
  else if (event.key === "Home" && at === position) skip(-Infinity);
  else if (event.key === "End" && at === position) skip(audio.duration || 0);
  else return;
  event.preventDefault(); // the page would scroll
}

const wanted = remembered();
if ([...speed.options].some((option) => option.value === wanted)) speed.value = wanted;
setSpeed(speed.value);
speed.addEventListener("change", () => {
  setSpeed(speed.value);
  remember(speed.value);
});
for (const name of ["timeupdate", "seeking", "seeked"]) audio.addEventListener(name, tell);
for (const name of ["loadedmetadata", "durationchange"]) audio.addEventListener(name, learnLength);
for (const name of ["play", "pause", "ended", "emptied"]) {
  audio.addEventListener(name, () => player.toggleAttribute("data-sounding", !audio.paused && !audio.ended));
}
document.addEventListener("keydown", onKey);
