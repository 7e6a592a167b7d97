// A jsPsych plugin: a page of text with buttons, and perhaps questions about the person.
(function (F) {
  "use strict";

  const { ParameterType } = jsPsychModule;

  const KNOWN = { // what a study may ask by its name alone
    age: { kind: "number" },
    gender: { kind: "choice", choices: ["woman", "man", "other"] },
    education: { kind: "choice", choices: ["school", "secondary", "vocational", "bachelor", "master"] },
    country: { kind: "text" },
    language: { kind: "text" },
  };

  /** A question with its words: those of the study, else, of a known one, those of the language. */
  function complete(each) {
    const known = each.question ? undefined : KNOWN[each.name];
    if (!known) return { ...each, question: each.question || each.name };
    const choices = (known.choices || []).map((name) => ({ name, word: F.word(`${each.name}_${name}`) }));
    return { ...each, question: F.word(each.name), kind: known.kind, choices };
  }

  /** A question about the person: {name, question, kind: text, number or choice, choices, required}. */
  function field(asked, n) {
    const each = complete(asked);
    const id = `about-${n}`;
    const must = Boolean(each.required);
    const label = F.el("label", { for: id }, each.question, must ? F.el("span", { "aria-hidden": "true" }, " *") : null);
    let input;
    if (each.kind === "choice") {
      const options = each.choices.map((choice) =>
        typeof choice === "string" ? F.el("option", { value: choice }, choice) : F.el("option", { value: choice.name }, choice.word));
      const none = must ? F.el("option", { value: "" }, "") : F.el("option", { value: "" }, F.word("no_answer"));
      input = F.el("select", { id, name: each.name, required: must }, none, options);
    } else if (each.kind === "number") {
      input = F.el("input", { id, name: each.name, type: "number", min: 0, max: 999, inputmode: "numeric", required: must });
    } else {
      input = F.el("input", { id, name: each.name, type: "text", maxlength: 500, autocomplete: "off", required: must });
    }
    return F.el("div", { class: "field" }, label, input);
  }

  class ScreenPlugin {
    static info = {
      name: "fer-exp-screen",
      version: "1.0.0",
      parameters: {
        phase: { type: ParameterType.STRING, default: "" },
        heading: { type: ParameterType.STRING, default: "" },
        inside: { type: ParameterType.FUNCTION, default: () => [] },
        fields: { type: ParameterType.OBJECT, default: [], array: true },
        buttons: { type: ParameterType.OBJECT, default: [], array: true },
      },
      data: { response: { type: ParameterType.STRING }, rt: { type: ParameterType.FLOAT } },
    };

    constructor(jsPsych) {
      this.jsPsych = jsPsych;
    }

    trial(place, { phase, heading, inside, fields, buttons }) {
      const shown = performance.now();
      const form = F.el("form", { class: "screen", "data-screen": phase },
        F.el("h1", { tabindex: -1, "data-focus": true }, heading), inside(), fields.map(field),
        F.el("div", { class: "buttons" }, buttons.map((button, n) =>
          F.el("button", { type: n ? "button" : "submit", class: n ? "quiet" : "main", "data-name": button.name,
            onclick: n ? () => finish(button.name) : null }, button.word))));
      const finish = (response) => {
        const said = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
        const row = { response, rt: Math.round(performance.now() - shown), phase, stimulus: null };
        this.jsPsych.finishTrial(fields.length ? { ...row, about: said } : row);
      };
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        finish(buttons[0].name);
      });
      if (!fields.length && buttons.length === 1) { // the heading has the focus: Enter goes on all the same
        form.addEventListener("keydown", (event) => {
          if (event.key === "Enter" && event.target.tagName === "H1" && !event.repeat) form.requestSubmit();
        });
      }
      F.show(place, form);
    }
  }

  F.ScreenPlugin = ScreenPlugin;

  /** A page that no timeline leaves: an end, an error, another tab. */
  F.page = (name, heading, inside, buttons = []) => {
    const content = F.el("div", { class: "screen", "data-screen": name }, F.el("h1", { tabindex: -1, "data-focus": true }, heading), inside,
      F.el("div", { class: "buttons" }, buttons.map((button, n) =>
        F.el("button", { type: "button", class: n ? "quiet" : "main", "data-name": button.name, onclick: button.act }, button.word))));
    F.show(F.stage(), content);
    return content;
  };

  F.stage = () => document.getElementById("stage");

  let shownNow = null;
  /** The line at the bottom: what is wrong with the connection, null when nothing is; `only` takes back that one alone. */
  F.status = (key, only, values) => {
    if (only && shownNow !== only) return;
    shownNow = key;
    const line = document.getElementById("status");
    line.textContent = key ? F.word(key, values) : "";
    line.className = key ? (key === "sent" || key === "back_button" ? "good" : "bad") : "";
    if (key === "sent" || key === "back_button") setTimeout(() => F.status(null, key), 5000);
  };
})((window.FerExp = window.FerExp || {}));
