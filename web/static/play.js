// Plays recordings: asks where one is, has a missing one fetched, waits for it, then plays it.

import { start, whenReady, whyNot } from "./recording.js";

const player = document.getElementById("player");
const audio = player?.querySelector(".player-audio");
let presses = 0; // an older press stops by itself as soon as there is a newer one
let wanted = null;

function part(name) {
  return player.querySelector(`[data-part="${name}"]`);
}

function show(state, words = "") {
  player.hidden = false;
  player.dataset.state = state;
  part("stage").textContent = player.dataset[state] ?? "";
  part("words").textContent = words;
  part("again").hidden = state !== "failed";
  audio.hidden = state !== "playing";
}

function markRow() {
  for (const row of document.querySelectorAll("[data-call]")) {
    row.toggleAttribute("data-playing", row.dataset.call === wanted && !player.hidden);
  }
}

function listen(url) {
  const isFocused = player.contains(document.activeElement);
  show("playing");
  if (isFocused && audio.controls) audio.focus(); // the button that was pressed gives way to the controls
  audio.src = url;
  start(audio);
}

async function play(callSid) {
  const press = ++presses;
  const isLatest = () => press === presses;
  wanted = callSid;
  audio.pause();
  show("loading");
  markRow();
  const found = await whenReady(callSid, {
    isLatest,
    offline: player.dataset.offline,
    onWait: (words) => show("processing", words),
    onRequest: () => window.htmx?.trigger("#rows, #call", "refresh"),
  });
  if (!isLatest()) return;
  if (found.url) listen(found.url);
  else show("failed", found.isLate ? `${player.dataset.late} ${found.problem}` : found.problem);
}

function toggle() {
  if (audio.paused) start(audio);
  else audio.pause();
}

function close() {
  presses += 1;
  audio.pause();
  player.hidden = true;
  markRow();
}

function press(button) {
  const callSid = button.dataset.play;
  if (callSid === wanted && player.dataset.state === "playing" && !player.hidden) return toggle();
  const title = part("title");
  if (title) title.textContent = button.dataset.title;
  return play(callSid);
}

if (player) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-play]");
    if (button) press(button);
    else if (event.target.closest('[data-part="again"]')) play(wanted);
    else if (event.target.closest('[data-part="close"]')) close();
  });
  audio.addEventListener("error", async () => {
    if (player.dataset.state !== "playing") return;
    const press = presses;
    show("failed", player.dataset.broken);
    const reason = await whyNot(audio.currentSrc, player.dataset.offline);
    if (reason && press === presses) show("failed", reason);
  });
  document.addEventListener("htmx:afterSwap", markRow);
}
