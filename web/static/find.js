// The search above the list: what it says when it did not work.

const finding = document.getElementById("finding");

function tell(hasFailed) {
  finding.classList.toggle("is-problem", hasFailed);
  finding.firstElementChild.hidden = hasFailed;
  finding.querySelector(".finding-problem")?.remove();
  if (!hasFailed) return;
  const problem = document.createElement("span");
  problem.className = "finding-problem";
  problem.textContent = finding.dataset.problem;
  finding.append(problem);
}

if (finding) {
  document.addEventListener("htmx:afterRequest", (event) => {
    const { target, successful, xhr } = event.detail;
    if (target?.id !== "list" || !xhr.status) return; // a newer search has taken its place, or there is no connection
    tell(!successful);
  });
}
