// A jsPsych plugin: one face and the questions about it, one at a time. Times run from the moment the face is painted.
(function (F) {
  "use strict";

  const INFO = {
    name: "fer-exp-face",
    version: "1.0.0",
    parameters: {
      study: { type: jsPsychModule.ParameterType.OBJECT, default: undefined },
      trial: { type: jsPsychModule.ParameterType.OBJECT, default: undefined },
      pictures: { type: jsPsychModule.ParameterType.OBJECT, default: undefined },
      progress: { type: jsPsychModule.ParameterType.OBJECT, default: undefined },
      until: { type: jsPsychModule.ParameterType.FUNCTION, default: undefined },
    },
    data: {
      response: { type: jsPsychModule.ParameterType.STRING },
      rt: { type: jsPsychModule.ParameterType.FLOAT },
    },
  };

  /** Ratings as columns that say from what to what they run, as fer-exp reads them. */
  const scales = (study, answer) => ({
    ...(study.intensity ? { [`intensity (${study.intensity.low}-${study.intensity.high})`]: answer.intensity } : {}),
    ...(study.affect ? { "valence (1-9)": answer.valence, "arousal (1-9)": answer.arousal } : {}),
  });

  const painted = () => new Promise((go) => requestAnimationFrame((now) => go(now)));

  class FacePlugin {
    static info = INFO;

    constructor(jsPsych) {
      this.jsPsych = jsPsych;
    }

    async trial(place, { study, trial, pictures, progress, until }, onLoad) {
      const questions = F.questions(study, trial);
      const answer = { shown_at: null, label: null, intensity: null, valence: null, arousal: null };
      const frame = F.el("div", { class: "face" });
      const ask = F.el("h1", { id: "ask", tabindex: -1, "data-focus": true });
      const under = F.el("div", { class: "question" });
      const back = F.el("button", { type: "button", class: "quiet back", hidden: true }, F.word("back"));
      F.show(place, F.el("div", { class: "trial", "data-trial": trial.trial }, F.progress(progress, back), frame, ask, under));

      let left = false;
      const away = () => (left = left || document.hidden);
      document.addEventListener("visibilitychange", away);

      const image = await pictures.load(trial.picture);
      F.status(null, "no_picture");
      image.alt = F.word("face");
      image.draggable = false;
      frame.replaceChildren(image);
      const shown = await painted();
      const shownAt = Date.now();
      answer.shown_at = shownAt;
      let at = 0;
      let current = null;
      onLoad();
      pictures.ahead(trial.picture);

      const done = await new Promise((finish) => {
        until().then(() => finish(false));
        const asks = (name) => name !== "intensity" || answer.label !== F.OTHER; // what cannot be told has no strength
        const said = (value) => {
          const name = questions[at][0];
          if (at === 0) answer.rt = performance.now() - shown;
          if (name === "grid") Object.assign(answer, value);
          else answer[name] = value;
          at += 1;
          if (at < questions.length && !asks(questions[at][0])) at += 1;
          if (at >= questions.length) finish(true);
          else next();
        };
        const next = () => {
          current = questions[at][1](said);
          ask.textContent = current.ask;
          under.replaceChildren(current.element);
          under.classList.add("fresh"); // the second click of a double click was meant for the question before
          setTimeout(() => under.classList.remove("fresh"), 200);
          under.dataset.question = questions[at][0];
          place.firstElementChild.dataset.question = questions[at][0];
          back.hidden = at === 0;
          ask.focus({ preventScroll: true });
        };
        const again = () => {
          at = Math.max(0, at - 1);
          if (!asks(questions[at][0])) at = Math.max(0, at - 1);
          next();
        };
        back.addEventListener("click", again);
        this.keys = (event) => {
          if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
          if (event.key === "Backspace" && at > 0) again();
          else if (!current.key(event.key)) return;
          event.preventDefault();
        };
        document.addEventListener("keydown", this.keys);
        next();
      });

      document.removeEventListener("keydown", this.keys);
      document.removeEventListener("visibilitychange", away);
      pictures.drop(trial.picture);
      return {
        stimulus: trial.stimulus || trial.picture, response: done ? answer.label : null, rt: done ? Math.round(answer.rt) : null,
        ...scales(study, answer), answer: done ? answer : null,
        rt_all: done ? Math.round(performance.now() - shown) : null, shown_at: new Date(shownAt).toISOString(), left_page: left,
        trial: trial.trial, phase: trial.kind === "face" ? "test" : trial.kind, ...(trial.repeat ? { repeat: true } : {}),
      };
    }
  }

  F.FacePlugin = FacePlugin;

  /** The line above a face: how far one is, as words and as a bar. */
  F.progress = ({ done, all }, back) => {
    const words = F.word("progress", { done: done + 1, all });
    return F.el("div", { class: "bar" }, back,
      F.el("progress", { max: all, value: done, "aria-label": words }), F.el("span", {}, words));
  };
})((window.FerExp = window.FerExp || {}));
