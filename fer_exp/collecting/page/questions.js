// The questions about a face. Each gives {element, key}: what is shown, and a function that is told the keys.
(function (F) {
  "use strict";

  F.OTHER = "unknown"; // the label of "other / cannot tell"
  const KEYS = "123456789qwertyuiopasdfghjklzxcvbnm"; // of the classes; 0 is "other"

  function choices(rows, done) {
    const buttons = rows.map((row) =>
      F.el("button", { type: "button", class: `choice ${row.kind || ""}`, "data-value": row.value, onclick: () => done(row.value) },
        F.el("span", { class: "word" }, row.word), F.el("kbd", { "aria-hidden": "true" }, row.key)));
    return {
      buttons,
      key: (pressed) => {
        const row = rows.find((each) => each.key.toLowerCase() === pressed.toLowerCase());
        if (row) done(row.value);
        return Boolean(row);
      },
    };
  }

  function label(study, trial, done) {
    const named = new Map(study.classes.map((each) => [each.name, each.word]));
    const rows = study.order.map((name, n) => ({ value: name, word: named.get(name) || name, key: KEYS[n] || "" }));
    if (study.other) rows.push({ value: F.OTHER, word: F.word("other"), key: "0", kind: "other" });
    const { buttons, key } = choices(rows, done);
    const ask = trial.kind === "attention" ? F.word("ask_attention", { word: named.get(trial.wanted) || trial.wanted }) : F.word("ask_label");
    const many = study.order.length > 10 ? "many" : "";
    return { ask, element: F.el("div", { class: `choices ${many}`, role: "group", "aria-labelledby": "ask" }, buttons), key };
  }

  /** A row of points from low to high, on narrow screens a column from high to low. */
  function scale(name, { low, high, figure }, done) {
    const points = Array.from({ length: high - low + 1 }, (_, n) => low + n);
    const key = (pressed) => {
      const point = pressed === "0" && high === 10 ? 10 : Number(pressed);
      const there = /^\d$/.test(pressed) && points.includes(point);
      if (there) done(point);
      return there;
    };
    const buttons = points.map((point) =>
      F.el("button", {
        type: "button", class: "point", "data-value": point, onclick: () => done(point),
        "aria-label": F.word("point", { scale: F.word(name), n: point, all: high }),
      }, figure ? F.manikin(name, point, high) : null, F.el("span", { class: "number" }, String(point))));
    return {
      element: F.el("div", { class: `scale ${figure ? "figures" : "numbers"}`, role: "group", "aria-labelledby": "ask" },
        F.el("span", { class: "end low" }, F.word(`${name}_low`)),
        F.el("div", { class: "points" }, buttons),
        F.el("span", { class: "end high" }, F.word(`${name}_high`))),
      key,
    };
  }

  /** A scale of more points than buttons have room for; nothing is chosen until the person moves it. */
  function slider(name, { low, high }, done) {
    const next = F.el("button", { type: "button", class: "main", disabled: true, onclick: () => done(Number(input.value)) }, F.word("next"));
    const told = F.el("output", { class: "number" }, "–");
    const moved = () => {
      next.disabled = false;
      told.textContent = input.value;
    };
    const input = F.el("input", { type: "range", min: low, max: high, value: Math.round((low + high) / 2), class: "unset",
      "aria-labelledby": "ask", oninput: moved, onpointerdown: moved, onpointerup: moved });
    const element = F.el("div", { class: "slider" }, input,
      F.el("div", { class: "ends" }, F.el("span", {}, F.word(`${name}_low`)), told, F.el("span", {}, F.word(`${name}_high`))), next);
    return { element, key: () => false };
  }

  /** Russell's affect grid (1989): pleasantness to the right, arousal upwards; one field of 81, then "Next". */
  function grid(done) {
    let valence = 5, arousal = 5, set = false, half = null;
    const cells = [];
    const next = F.el("button", { type: "button", class: "main", disabled: true, onclick: () => done({ valence, arousal }) }, F.word("next"));

    function choose(x, y, focus) {
      [valence, arousal, set] = [x, y, true];
      next.disabled = false;
      for (const cell of cells) {
        const on = Number(cell.dataset.x) === x && Number(cell.dataset.y) === y;
        cell.setAttribute("aria-selected", String(on));
        cell.tabIndex = on ? 0 : -1;
        if (on && focus) cell.focus();
      }
    }

    const rows = [];
    for (let y = 9; y >= 1; y--) {
      const row = [];
      for (let x = 1; x <= 9; x++) {
        const where = F.word("field", {
          valence: F.word("point", { scale: F.word("valence"), n: x, all: 9 }),
          arousal: F.word("point", { scale: F.word("arousal"), n: y, all: 9 }),
        });
        row.push(F.el("div", {
          role: "gridcell", class: x === 5 && y === 5 ? "cell middle" : "cell", tabindex: x === 5 && y === 5 ? 0 : -1,
          "data-x": x, "data-y": y, "aria-label": where, "aria-selected": "false", onclick: () => choose(x, y, true),
        }));
      }
      cells.push(...row);
      rows.push(F.el("div", { role: "row", class: "row" }, row));
    }

    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const within = (value) => Math.min(9, Math.max(1, value));
    const key = (pressed) => {
      if (moves[pressed]) choose(within(valence + moves[pressed][0]), within(arousal + moves[pressed][1]), true);
      else if (/^[1-9]$/.test(pressed)) { // two keys: pleasantness, then arousal
        if (half === null) choose((half = Number(pressed)), arousal, true);
        else {
          choose(half, Number(pressed), true);
          half = null;
        }
      } else if ((pressed === "Enter" || pressed === " ") && set && document.activeElement !== next) done({ valence, arousal });
      else return false;
      return true;
    };
    const at = (place, word) => F.el("span", { class: `at ${place}` }, F.word(word));
    const element = F.el("div", { class: "affect" },
      F.el("div", { class: "plane" },
        at("top", "grid_top"), at("left", "grid_left"), at("right", "grid_right"), at("bottom", "grid_bottom"),
        F.el("div", { class: "square" },
          F.el("div", { role: "grid", class: "grid", "aria-labelledby": "ask" }, rows),
          at("corner nw", "grid_stress"), at("corner ne", "grid_excitement"),
          at("corner sw", "grid_depression"), at("corner se", "grid_relaxation"))),
      next);
    return { ask: F.word("ask_grid"), element, key };
  }

  /** The questions of a study about one face: [name, function of what to do with the answer]. */
  F.questions = (study, trial) => {
    const asked = study.classes.length ? [["label", (done) => label(study, trial, done)]] : [];
    if (trial.kind === "attention") return asked;
    const nine = { low: 1, high: 9, figure: true };
    if (study.intensity) {
      const asks = study.intensity.high - study.intensity.low > 10 ? slider : scale;
      asked.push(["intensity", (done) => ({ ask: F.word("ask_intensity"), ...asks("intensity", study.intensity, done) })]);
    }
    if (study.affect === "grid") asked.push(["grid", grid]);
    if (study.affect === "manikins") {
      asked.push(["valence", (done) => ({ ask: F.word("ask_valence"), ...scale("valence", nine, done) })]);
      asked.push(["arousal", (done) => ({ ask: F.word("ask_arousal"), ...scale("arousal", nine, done) })]);
    }
    return asked;
  };
})((window.FerExp = window.FerExp || {}));
