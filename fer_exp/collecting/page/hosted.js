// Where the answers of a study without a server go: JATOS, Pavlovia, cognition.run, else a file that the person saves.
(function (F) {
  "use strict";

  const jatosHere = () => typeof window.jatos !== "undefined";
  const pavloviaHere = () => /(^|\.)pavlovia\.org$/.test(location.hostname);

  /** A table of rows as jsPsych writes it. */
  function csv(rows) {
    const names = [...new Set(rows.flatMap(Object.keys))];
    const cell = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
    const line = (cells) => cells.map((each) => `"${each.replaceAll('"', '""')}"`).join(",");
    return [line(names), ...rows.map((row) => line(names.map((name) => cell(row[name]))))].join("\r\n") + "\r\n";
  }

  const form = (fields) => {
    const filled = new FormData();
    Object.entries(fields).forEach(([name, value]) => filled.append(name, value));
    return filled;
  };

  /** Pavlovia's interface: a session is opened, receives a file of results, and is closed. */
  async function toPavlovia(rows, person) {
    const { experiment, gitlab, pavlovia } = await (await fetch("config.json", { cache: "no-cache" })).json();
    const pilot = new URLSearchParams(location.search).get("__pilotToken");
    const base = `${pavlovia.URL}/api/v2/experiments/${gitlab.projectId}/sessions`;
    const opened = await (await fetch(base, { method: "POST", body: form(pilot ? { pilotToken: pilot } : {}) })).json();
    if (!opened.token || pilot) return false; // a pilot run saves nothing there; the file is offered
    const key = `${experiment.name}_${person}_SESSION_${new Date().toISOString().replaceAll(":", "-")}.csv`;
    const saved = await fetch(`${base}/${opened.token}/results`, { method: "POST", body: form({ key, value: csv(rows) }) });
    await fetch(`${base}/${opened.token}`, { method: "DELETE", body: form({ isCompleted: true }) });
    return saved.ok;
  }

  F.hosted = {
    /** Waits for the place that runs the study. */
    ready: () => new Promise((go) => (jatosHere() ? window.jatos.onLoad(go) : go())),

    /** Keeps what there is so far, where the place can. */
    soFar: (rows) => jatosHere() && window.jatos.submitResultData(JSON.stringify(rows)),

    /** Saves the answers; false where the person has to. */
    async save(rows, person) {
      if (jatosHere()) {
        await window.jatos.submitResultData(JSON.stringify(rows));
        return true;
      }
      if (F.hosted.itself) return true; // cognition.run keeps what jsPsych has
      return pavloviaHere() ? toPavlovia(rows, person) : false;
    },
  };

  /** A button that saves rows as a file, which fer-exp reads as an export of jsPsych. */
  F.file = ({ rows, name }, study) => {
    const url = URL.createObjectURL(new Blob([JSON.stringify(rows)], { type: "application/json" }));
    const done = F.el("p", { role: "status" });
    return F.el("div", { class: "finish" },
      study.contact ? F.el("p", {}, F.word("download_mail", { contact: study.contact })) : null,
      F.el("a", { class: "main button", href: url, download: name, onclick: () => (done.textContent = F.word("downloaded")) }, F.word("download_button")),
      done);
  };
})((window.FerExp = window.FerExp || {}));
