// The gallery: cards are made from the data in the page as they are asked for, so thousands of faces stay light.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("gallery-data").textContent);
  const STEP = 24;
  const element = (id) => document.getElementById(id);
  const [sort, people, model, run] = ["sort", "people", "answer", "run"].map(element);
  const cards = element("cards"), status = element("status"), more = element("more");
  const total = data.votes.map((votes) => votes.reduce((sum, count) => sum + count, 0));
  const shares = data.votes.map((votes, i) => votes.map((count) => (total[i] ? count / total[i] : 0)));
  const top = (row) => row.indexOf(Math.max(...row));
  const chosen = () => (run ? Number(run.value) : 0);
  let distance = [], order = [], shown = 0;

  const measure = () => {
    distance = data.p[chosen()].map((p, i) => p.reduce((sum, each, k) => sum + Math.abs(each / 1000 - shares[i][k]), 0));
  };
  const majority = (i, k) => total[i] > 0 && data.votes[i][k] === Math.max(...data.votes[i]);
  const keys = {
    close: (i) => (total[i] ? distance[i] : Infinity),
    far: (i) => (total[i] ? -distance[i] : Infinity),
    divided: (i) => -data.entropy[i],
    agreed: (i) => (total[i] ? data.entropy[i] : Infinity),
    sure: (i) => -Math.max(...data.p[chosen()][i]),
    name: (i) => i,
  };

  const make = (tag, name, text) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const percent = (share) => `${Math.round(100 * share)} %`;
  const words = (row) => {
    const parts = row.map((share, k) => [share, data.classes[k]]).filter(([share]) => share >= 0.005);
    return parts.sort((a, b) => b[0] - a[0]).map(([share, name]) => `${name} ${percent(share)}`).join(", ");
  };

  const card = (i) => {
    const p = data.p[chosen()][i].map((each) => each / 1000);
    const item = make("li", "card");
    item.dataset.face = data.faces[i];
    item.dataset.l1 = distance[i].toFixed(4);
    const head = make("div", "top");
    if (data.picture) {
      const face = make("div", "face");
      const scale = 96 / data.tile, x = i % data.across, y = Math.floor(i / data.across);
      face.setAttribute("role", "img");
      face.setAttribute("aria-label", `face ${data.faces[i]}`);
      face.style.backgroundImage = "var(--sheet)";
      face.style.backgroundSize = `${data.across * 96}px ${data.high * 96}px`;
      face.style.backgroundPosition = `${-x * data.tile * scale}px ${-y * data.tile * scale}px`;
      head.append(face);
    }
    const said = make("div", "said");
    said.append(make("div", "name", data.faces[i]));
    if (total[i]) {
      const most = data.classes.filter((_, k) => majority(i, k)).join(" / ");
      said.append(make("div", "", `people: ${most}`));
    } else if (data.labels[i] >= 0) {
      said.append(make("div", "", `label: ${data.classes[data.labels[i]]}`));
    }
    said.append(make("div", "", `model: ${data.classes[top(p)]}`));
    if (total[i]) said.append(make("div", "name", `L1 ${distance[i].toFixed(2)} · ${total[i]} votes`));
    head.append(said);
    const bars = make("div", "bars");
    bars.setAttribute("aria-hidden", "true");
    data.classes.forEach((name, k) => {
      const pair = make("div", "pair");
      for (const [share, kind] of [[shares[i][k], "people"], [p[k], "model"]]) {
        const bar = make("span", `bar ${kind}${share < 0.005 ? " empty" : ""}`);
        bar.style.setProperty("--c", data.colours[k]);
        bar.style.width = `${100 * share}%`;
        pair.append(bar);
      }
      const votes = total[i] ? String(data.votes[i][k] || "") : "";
      bars.append(make("span", "class", name), pair, make("span", "number", votes), make("span", "number", percent(p[k])));
    });
    const people = total[i] ? `People: ${words(shares[i])}. ` : "";
    item.append(head, bars, make("p", "unseen", `${people}Model: ${words(p)}.`));
    return item;
  };

  const extend = () => {
    const next = order.slice(shown, shown + STEP);
    cards.append(...next.map(card));
    shown += next.length;
    more.hidden = shown >= order.length;
    status.textContent = order.length ? `${shown} of ${order.length} faces shown` : "no face fits this choice";
  };
  const renew = () => {
    measure();
    const key = keys[sort.value], wanted = people.value, answer = model.value;
    order = data.faces.map((_, i) => i).filter((i) => {
      const said = top(data.p[chosen()][i]);
      if (wanted !== "" && !(total[i] ? majority(i, Number(wanted)) : data.labels[i] === Number(wanted))) return false;
      if (answer === "other") return total[i] > 0 && !majority(i, said);
      if (answer === "same") return total[i] > 0 && majority(i, said);
      return answer === "" || said === Number(answer);
    });
    order.sort((a, b) => key(a) - key(b) || a - b);
    cards.replaceChildren();
    shown = 0;
    extend();
  };

  const sheet = element("sheet");
  data.picture = Boolean(sheet);
  if (sheet) document.documentElement.style.setProperty("--sheet", `url("${sheet.textContent.trim()}")`);
  [sort, people, model, run].forEach((each) => each && each.addEventListener("change", renew));
  more.addEventListener("click", () => {
    const before = cards.children.length;
    extend();
    const first = cards.children[before];  // the reader goes on where the new faces begin
    if (first) { first.tabIndex = -1; first.focus({ preventScroll: true }); }
  });
  renew();
})();
