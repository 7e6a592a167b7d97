// Fetches the page again every 20 seconds and puts its figures in the place of the old ones; without it the link does.
"use strict";
const live = document.getElementById("live");
live.parentElement.hidden = false;
const focused = () => document.activeElement && document.activeElement.id;
async function update() {
  if (!live.checked || document.hidden) return;
  try {
    const reply = await fetch("./", { cache: "no-store" });
    if (!reply.ok) throw new Error(reply.status);
    if (document.querySelector("#main .soon")) return location.reload(); // the page has begun without figures
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const at = focused();
    const scrolled = [...document.querySelectorAll(".scroll")].map((each) => each.scrollLeft);
    document.getElementById("main").replaceWith(document.adoptNode(page.getElementById("main")));
    document.querySelectorAll(".scroll").forEach((each, k) => { each.scrollLeft = scrolled[k] || 0; });
    document.getElementById("when").textContent = page.getElementById("when").textContent;
    if (at) document.getElementById(at)?.focus({ preventScroll: true });
  } catch {
    document.getElementById("when").textContent = "The server does not answer; these figures are old.";
  }
}
const next = () => setTimeout(() => update().finally(next), document.querySelector("#main .soon") ? 3000 : 20000);
next();
