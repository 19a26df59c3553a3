// Goes to a place of the recording, which is fetched first when it is not here yet.

import { start } from "./recording.js";

const audio = document.querySelector(".player-audio");
const button = document.querySelector("#player [data-play]");
let wanted = null; // seconds, when somebody pressed before the recording was here

export function seek(seconds) {
  if (audio.hidden) {
    wanted = seconds;
    button.click();
    return;
  }
  audio.currentTime = seconds;
  start(audio);
}

/** To the side of where it is, or of where it will begin; playing goes on, or does not. */
export function skip(seconds) {
  if (!audio.hidden) audio.currentTime = Math.max(0, audio.currentTime + seconds);
}

audio.addEventListener("loadedmetadata", () => {
  if (wanted !== null) audio.currentTime = wanted;
  wanted = null;
});
