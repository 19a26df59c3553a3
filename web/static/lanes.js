// Draws the recording as two lanes, one a speaker, from what the page knows: no audio is loaded for it.

import { seek } from "./seek.js";
import WaveSurfer from "./vendor/wavesurfer.esm.js";

const SVG = "http://www.w3.org/2000/svg";
const FULL_SCALE = 255;
const LEAST_LOUD = 60; // of 255: what is all quieter is noise, and is not blown up to fill its lane
const LEAST_GAP = 0.03; // of the width: a missing second of an hour is to be seen too
const ALL_LANES = 2; // the height of the marks' coordinates; their width is 1
const FLAT = new Float32Array(800); // for what nobody has outlined

const player = document.getElementById("player");
const audio = player.querySelector(".player-audio");
const colours = getComputedStyle(document.documentElement);
let surfer = null;
let drawn = "";

function part(name) {
  return player.querySelector(`[data-part="${name}"]`);
}

/** What the server says of the recording; it may be another one after the page was brought up to date. */
export function sound() {
  const { peaks, seconds, lanes, gap, cuts } = document.getElementById("sound").dataset;
  return {
    peaks: Uint8Array.from(atob(peaks), (letter) => letter.charCodeAt(0)),
    seconds: audio.hidden ? Number(seconds) : audio.duration || Number(seconds),
    speakers: lanes.split(" "),
    gap: Number(gap),
    cuts: cuts.split(" ").filter(Boolean).map((cut) => cut.split(":").map(Number)),
  };
}

function lanesOf(peaks, count) {
  const length = peaks.length / count;
  const loudest = Math.max(LEAST_LOUD, ...peaks);
  const lane = (number) => Float32Array.from(peaks.subarray(number * length, (number + 1) * length), (peak) => peak / loudest);
  return Array.from({ length: count }, (_, number) => (length ? lane(number) : FLAT));
}

function paint(speaker) {
  const ink = (kind) => colours.getPropertyValue(`--${speaker}-${kind}`).trim();
  return { waveColor: ink("lane"), progressColor: ink("ink") };
}

function looks(speakers) {
  return { cursorColor: colours.getPropertyValue("--text").trim(), splitChannels: speakers.map(paint) };
}

function draw() {
  const known = sound();
  const key = JSON.stringify({ ...known, peaks: document.getElementById("sound").dataset.peaks });
  if (key === drawn || !known.seconds) return;
  drawn = key;
  surfer?.destroy();
  surfer = WaveSurfer.create({
    container: part("wave"),
    media: audio,
    peaks: lanesOf(known.peaks, known.speakers.length),
    duration: known.seconds,
    height: "auto",
    barWidth: 2,
    barGap: 1,
    barRadius: 1,
    barMinHeight: 1,
    cursorWidth: 2,
    hideScrollbar: true,
    cspNonce: player.dataset.nonce,
    ...looks(known.speakers),
  });
  surfer.on("interaction", seek);
  showGap(known);
  showCuts(known);
}

function showGap({ gap, seconds }) {
  const box = part("gap");
  box.hidden = !gap;
  box.style.flexGrow = Math.max(gap / seconds, LEAST_GAP);
  box.textContent = gap ? `${gap} s` : "";
}

function showCuts({ cuts, seconds, speakers }) {
  const height = ALL_LANES / speakers.length;
  show("cut", cuts.map(([second, lane]) => line(second / seconds, lane * height, height)));
}

function line(x, top, height) {
  return `M${x.toFixed(4)} ${top}v${height}`;
}

/** One path of a kind, however many marks: thousands of elements would make the page slow. */
function show(kind, lines) {
  const marks = part("marks");
  const path = marks.querySelector(`.${kind}`) ?? marks.appendChild(document.createElementNS(SVG, "path"));
  path.setAttribute("class", kind);
  path.setAttribute("d", [...new Set(lines)].join(""));
}

/** Marks those seconds over all lanes; earlier ones of the kind go. */
export function markSeconds(kind, places) {
  const { seconds } = sound();
  if (seconds) show(kind, places.map((second) => line(second / seconds, 0, ALL_LANES)));
}

draw();
document.addEventListener("htmx:afterSwap", draw);
audio.addEventListener("loadedmetadata", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => surfer?.setOptions(looks(sound().speakers)));
