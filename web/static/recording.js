// Waits until a recording can be played: where it is, when to ask again, and when to stop asking.

const FIRST_WAIT = 2; // seconds: what a short recording takes to arrive
const GROWTH = 1.5;
const LONGEST_WAIT = 8; // seconds, unless the server asks for more
const TRIES = 10; // about a minute in all

export function waitBefore(attempt, retryAfter) {
  const usual = Math.min(FIRST_WAIT * GROWTH ** (attempt - 1), LONGEST_WAIT);
  return retryAfter > LONGEST_WAIT ? retryAfter : usual;
}

/** `{url}` of a recording that is here, or `{problem}` in words; `isLate` when it may still come. */
export async function whenReady(callSid, { isLatest, offline, onWait, onRequest }) {
  let status = { message: "" };
  let isRequested = false;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    if (attempt) await sleep(waitBefore(attempt, status.retry_after));
    if (!isLatest()) return {};
    status = await ask(callSid, offline);
    if (status.status === "missing" && !isRequested) {
      status = await request(status, offline);
      isRequested = !status.isRefused;
      onRequest();
    }
    if (status.url && status.status === "ready") return { url: status.url };
    if (status.isFinal) return { problem: status.message };
    if (isLatest()) onWait(status.message);
  }
  return { problem: status.message, isLate: true };
}

/** Plays, where the browser lets it: one that wants another press gets it on the controls, which stay in view. */
export function start(audio) {
  audio.play().catch(() => {}); // a file that cannot be played is told by the error event
}

function sleep(seconds) {
  return new Promise((wake) => setTimeout(wake, seconds * 1000));
}

async function ask(callSid, offline) {
  const answer = await get(`/api/recordings/${callSid}/status`, {}, offline);
  const isFinal = answer.isFinal || (answer.status === "failed" && answer.retry_after === null);
  return { ...answer, isFinal };
}

/** Asking for one byte has a missing recording fetched. */
async function request(status, offline) {
  const answer = await get(status.url, { Range: "bytes=0-0" }, offline);
  return { ...status, ...answer };
}

/** Why a recording that was here does not play, where the server knows. */
export async function whyNot(url, offline) {
  const { message } = await get(url, { Range: "bytes=0-0" }, offline);
  return message;
}

async function get(url, headers, offline) {
  try {
    const response = await fetch(url, { headers });
    return await understand(response, url);
  } catch (problem) {
    const isUnreachable = problem instanceof TypeError || problem instanceof SyntaxError; // nobody answers, or a proxy does
    if (isUnreachable) return { message: offline, isRefused: true };
    throw problem;
  }
}

async function understand(response, url) {
  if (response.status === 401) location.reload(); // the session is over: the page leads to the sign-in
  if (response.headers.get("Content-Type")?.startsWith("audio/")) {
    await response.body?.cancel();
    return { status: "ready", url };
  }
  const told = await response.json();
  if (response.ok) return told;
  const isFinal = response.status < 500 && response.status !== 429;
  return { message: told.error.message, isRefused: true, isFinal };
}
