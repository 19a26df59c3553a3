// Draws the dashboard's charts from the numbers that are in the page; the tables below them say the same.

const { Chart } = window;
const numbers = JSON.parse(document.getElementById("numbers")?.textContent ?? "null");
const isRightToLeft = document.documentElement.dir === "rtl"; // words turn round; time runs from left to right in both
const isDark = matchMedia("(prefers-color-scheme: dark)");
const MINUTE = 60;
const STEPS = [10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400];
const MOST_LINES = 7;
let drawn = [];

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / MINUTE)}:${String(whole % MINUTE).padStart(2, "0")}`;
}

/** A distance between lines that one would choose on a clock. */
function step(lengths) {
  const longest = Math.max(MINUTE, ...lengths.flatMap(({ values }) => values));
  return STEPS.find((seconds) => longest / seconds <= MOST_LINES) ?? STEPS.at(-1);
}

function look() {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 13;
  Chart.defaults.color = colour("muted");
  Chart.defaults.borderColor = colour("line");
}

function options(told) {
  const side = { rtl: isRightToLeft, textDirection: isRightToLeft ? "rtl" : "ltr" };
  return {
    animation: false, // numbers are there at once, and nothing moves for those who want it so
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    plugins: {
      legend: { position: "bottom", ...side, labels: { boxWidth: 12, boxHeight: 12, padding: 16 } },
      tooltip: { ...side, callbacks: { label: ({ dataset, parsed }) => ` ${dataset.label}: ${told(parsed.y)}` } },
    },
  };
}

function drawEndings(canvas) {
  const datasets = numbers.endings.map(({ name, label, values }) => ({
    label,
    data: values,
    backgroundColor: colour(`ending-${name}`),
    maxBarThickness: 48,
  }));
  const common = options(String);
  const scales = {
    x: { stacked: true, grid: { display: false } },
    y: { stacked: true, beginAtZero: true, ticks: { precision: 0 }, border: { display: false } },
  };
  return new Chart(canvas, { type: "bar", data: { labels: numbers.days, datasets }, options: { ...common, scales } });
}

function drawLengths(canvas) {
  const datasets = numbers.lengths.map(({ name, label, values }) => ({
    label,
    data: values,
    borderColor: colour(`length-${name}`),
    backgroundColor: colour(`length-${name}`),
    borderDash: name === "p95" ? [6, 4] : [],
    borderWidth: 2,
    pointRadius: values.length > 31 ? 0 : 3,
    spanGaps: true,
  }));
  const common = options(clock);
  Object.assign(common.plugins.legend.labels, { boxWidth: 32, boxHeight: 0 }); // a line as it is drawn, dashes too
  const scales = {
    x: { grid: { display: false } },
    y: { beginAtZero: true, suggestedMax: MINUTE, ticks: { callback: clock, stepSize: step(numbers.lengths) }, border: { display: false } },
  };
  return new Chart(canvas, { type: "line", data: { labels: numbers.days, datasets }, options: { ...common, scales } });
}

function draw() {
  for (const chart of drawn) chart.destroy();
  look();
  drawn = [
    drawEndings(document.getElementById("endings")),
    drawLengths(document.getElementById("lengths")),
  ];
}

if (numbers && Chart) {
  draw();
  isDark.addEventListener("change", draw);
}
