// The gallery: cards are made from the data in the page as they are asked for, so thousands of faces stay light.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("gallery-data").textContent);
  const STEP = 24;
  const element = (id) => document.getElementById(id);
  const [sort, people, label, original, answer, config] =
    ["sort", "people", "label", "original", "answer", "config"].map(element);
  const cards = element("cards"), status = element("status"), more = element("more"), back = element("back");
  const total = data.votes.map((votes) => votes.reduce((sum, count) => sum + count, 0));
  const shares = data.votes.map((votes, i) => votes.map((count) => (total[i] ? count / total[i] : 0)));
  const chosen = () => (config ? Number(config.value) : 0);
  const seeds = () => data.answers[chosen()].length;
  const answers = (i) => data.answers[chosen()].map((of) => of[i]);
  let distance = [], order = [], shown = 0, cell = null;

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
  // What each choice asks of a face; with several seeds an answer counts where one of them gave it.
  const asks = {
    people: (i, k) => majority(i, Number(k)),
    label: (i, k) => data.labels[i] === Number(k),
    original: (i, k) => data.originals[i] === Number(k),
    answer: (i, k) => {
      if (k === "same" || k === "other") return total[i] > 0 && answers(i).some((said) => majority(i, said) === (k === "same"));
      return answers(i).includes(Number(k));
    },
  };
  const choices = [people, label, original, answer].filter(Boolean);

  const make = (tag, name, text) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const number = (count) => count.toLocaleString("en");
  const percent = (share) => `${Math.round(100 * share)} %`;
  const words = (row) => {
    const parts = row.map((share, k) => [share, data.classes[k]]).filter(([share]) => share >= 0.005);
    return parts.sort((a, b) => b[0] - a[0]).map(([share, name]) => `${name} ${percent(share)}`).join(", ");
  };
  const said = (i) => {
    const of = new Map();
    answers(i).forEach((k) => of.set(k, (of.get(k) || 0) + 1));
    const parts = [...of].sort((a, b) => b[1] - a[1]);
    return parts.map(([k, n]) => data.classes[k] + (seeds() > 1 ? ` (${n} of ${seeds()})` : "")).join(", ");
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
    const told = make("div", "said");
    told.append(make("div", "name", data.faces[i]));
    if (total[i]) {
      const most = data.classes.filter((_, k) => majority(i, k)).join(" / ");
      told.append(make("div", "", `people: ${most}`));
    } else if (data.labels[i] >= 0) {
      told.append(make("div", "", `label: ${data.classes[data.labels[i]]}`));
    }
    told.append(make("div", "", `model: ${said(i)}`));
    if (total[i]) told.append(make("div", "name", `L1 ${distance[i].toFixed(2)} · ${total[i]} votes`));
    head.append(told);
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
    const crowd = total[i] ? `People: ${words(shares[i])}. ` : "";
    item.append(head, bars, make("p", "unseen", `${crowd}Model: ${words(p)}.`));
    return item;
  };

  // What is chosen, how many faces that is, and why a cell of a table may say another number.
  const describe = () => {
    const picked = choices.filter((each) => each.value !== "").map(
      (each) => `${each.labels[0].firstChild.textContent.trim()}: ${each.selectedOptions[0].textContent}`);
    const capital = (text) => text[0].toUpperCase() + text.slice(1);
    const lead = picked.length ? `${capital(picked.join(", "))}${config && answer.value !== "" ? ` (${config.selectedOptions[0].textContent})` : ""}. ` : "";
    if (!order.length) return `${lead}No face fits this choice.`;
    const left = data.all > data.faces.length ? ` in this page, which has ${number(data.faces.length)} of ${number(data.all)}` : "";
    const counted = cell && Number(cell.dataset.count) !== order.length
      ? ` The table counts ${cell.dataset.shown}: a face counts in part where top classes tie${seeds() > 1 ? ", or where not every seed gave the answer" : ""}.` : "";
    return `${lead}${number(shown)} of ${number(order.length)} faces shown${left}.${counted}`;
  };
  const extend = () => {
    const next = order.slice(shown, shown + STEP);
    cards.append(...next.map(card));
    shown += next.length;
    more.hidden = shown >= order.length;
    status.textContent = describe();
  };
  const renew = () => {
    measure();
    const key = keys[sort.value], asked = choices.filter((each) => each.value !== "");
    order = data.faces.map((_, i) => i).filter((i) => asked.every((each) => asks[each.id](i, each.value)));
    order.sort((a, b) => key(a) - key(b) || a - b);
    cards.replaceChildren();
    shown = 0;
    extend();
  };
  const forget = () => { cell = null; back.hidden = true; };

  // Each cell with faces becomes a button; arrows move within a table, which is one stop for Tab.
  const open = (button, table, row, column) => {
    choices.forEach((each) => { each.value = ""; });
    const sides = [[table.dataset.rows, row], [table.dataset.columns, column]];
    sides.forEach(([side, k]) => { (element(side) || people).value = String(k); });
    if (config && table.dataset.config !== "") config.value = table.dataset.config;
    cell = button;
    back.hidden = false;
    renew();
    element("gallery-title").focus({ preventScroll: true });
    status.scrollIntoView();
  };
  document.querySelectorAll("table.confusion").forEach((table) => {
    const grid = [...table.tBodies[0].rows].map((row, r) => [...row.cells].slice(1).map((td, c) => {
      const count = td.firstChild.textContent.trim();
      if (count === "0") return null;
      const button = make("button", "cell");
      button.type = "button";
      button.append(...td.childNodes);
      button.dataset.shown = count;
      button.dataset.count = count.replaceAll(",", "");
      button.tabIndex = -1;
      button.setAttribute("aria-label", `${row.cells[0].textContent} by ${data.classes[c]}: ${count} faces; show them`);
      button.addEventListener("click", () => open(button, table, r, c));
      td.append(button);
      return button;
    }));
    const first = grid.flat().find(Boolean);
    if (!first) return;
    first.tabIndex = 0;
    table.closest(".block").querySelector(".choose").hidden = false;
    table.addEventListener("keydown", (event) => {
      const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      let r = grid.findIndex((row) => row.includes(event.target)), c = r < 0 ? -1 : grid[r].indexOf(event.target);
      if (!move || c < 0) return;
      event.preventDefault();
      do { r += move[0]; c += move[1]; } while (grid[r] && c in grid[r] && !grid[r][c]);
      if (grid[r] && grid[r][c]) grid[r][c].focus();
    });
    table.addEventListener("focusin", (event) => {
      grid.flat().filter(Boolean).forEach((each) => { each.tabIndex = each === event.target ? 0 : -1; });
    });
  });
  back.addEventListener("click", () => {
    const from = cell;
    forget();
    status.textContent = describe();
    if (from) { from.focus({ preventScroll: true }); from.scrollIntoView({ block: "center" }); }
  });

  const sheet = element("sheet");
  data.picture = Boolean(sheet);
  if (sheet) {  // as a blob, because browsers cut a property of CSS at 2 MB
    const bytes = Uint8Array.from(atob(sheet.textContent.trim().split(",")[1]), (letter) => letter.charCodeAt(0));
    const place = URL.createObjectURL(new Blob([bytes], { type: "image/webp" }));
    document.documentElement.style.setProperty("--sheet", `url("${place}")`);
  }
  [sort, config, ...choices].forEach((each) => each && each.addEventListener("change", () => {
    if (each !== sort) forget();
    renew();
  }));
  more.addEventListener("click", () => {
    const before = cards.children.length;
    extend();
    const first = cards.children[before];  // the reader goes on where the new faces begin
    if (first) { first.tabIndex = -1; first.focus({ preventScroll: true }); }
  });
  renew();
})();
