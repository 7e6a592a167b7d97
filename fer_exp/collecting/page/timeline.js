// What a person goes through, as a jsPsych timeline: consent, instructions, practice, faces with breaks, questions.
(function (F) {
  "use strict";

  const screen = (phase, heading, inside, buttons, more = {}) => ({ type: F.ScreenPlugin, phase, heading, inside, buttons, ...more });
  const goOn = (key = "go_on") => [{ name: "go_on", word: F.word(key) }];

  function consent(told, store, again) {
    const { study } = told;
    const agreed = () => store.get("agreed", false);
    const talk = () => [
      study.languages && study.languages.length > 1 ? F.languages(study.languages, told.language, again) : null,
      F.paragraphs(study.consent || F.word("consent_text")),
      study.contact ? F.el("p", {}, F.word("contact", { contact: study.contact })) : null,
    ];
    const asks = screen("consent", study.title || F.word("consent"), talk,
      [{ name: "agree", word: F.word("agree") }, { name: "decline", word: F.word("decline") }]);
    const declined = screen("consent", F.word("declined"), () => F.paragraphs(F.word("declined_text")), []);
    const answer = (row) => (row.response === "agree" ? store.set("agreed", true) : store.forget());
    return [
      { timeline: [{ ...asks, on_finish: answer }], conditional_function: () => !agreed() },
      { timeline: [declined], conditional_function: () => !agreed() },
    ];
  }

  function instructions({ study, trials }) {
    const how = () => [
      study.instructions ? F.paragraphs(study.instructions) : [
        F.el("p", {}, F.word(study.classes.length ? "do_label" : "do_faces")),
        study.other && study.classes.length ? F.el("p", {}, F.word("do_other", { other: F.word("other") })) : null,
        study.intensity ? F.el("p", {}, F.word("do_intensity")) : null,
        study.affect ? F.el("p", {}, F.word(study.affect === "grid" ? "do_grid" : "do_manikins")) : null,
        F.el("p", {}, F.word("do_fast")),
      ],
      F.el("p", {}, F.word("do_keys")),
    ];
    const practice = trials.some((trial) => trial.kind === "practice");
    return screen("instructions", F.word("instructions"), how, goOn(practice ? "go_on" : "start"));
  }

  function faces({ study, trials, answered }, run) {
    const nodes = [];
    const known = new Map(study.classes.map((each) => [each.name, each.word]));
    const word = (name) => known.get(name) || F.word("other");
    const real = trials.filter((trial) => trial.kind !== "practice");
    const trained = trials.filter((trial) => trial.kind === "practice");
    const todo = (trial) => !answered.includes(trial.trial);
    const on = (timeline) => ({ timeline, conditional_function: run.goesOn });

    const face = (trial, progress) => ({ type: F.FacePlugin, study, trial, progress, pictures: run.pictures, until: () => run.ended, on_finish: (row) => run.answered(trial, row) });
    const feedback = (trial) => {
      let said = null;
      const show = async (box) => box.append((await run.pictures.load(trial.picture)).cloneNode());
      return [
        { ...face(trial, { done: trained.indexOf(trial), all: trained.length }), on_finish: (row) => run.answered(trial, (said = row)) },
        ...(study.feedback === false ? [] : [screen("practice feedback", F.word("practice"), () => {
          const box = F.el("div", { class: "face small" });
          show(box);
          const right = said && said.response === trial.wanted;
          const words = { word: word(trial.wanted), chosen: said ? word(said.response) : "" };
          return [box, F.el("p", { class: right ? "told well" : "told" }, F.word(right ? "practice_right" : "practice_wrong", words))];
        }, goOn("next"))]),
      ];
    };

    if (trained.some(todo)) {
      nodes.push(on([screen("practice instructions", F.word("practice"), () => F.paragraphs(F.word("practice_text", { n: trained.length })), goOn("start"))]));
      trained.filter(todo).forEach((trial) => nodes.push(on(feedback(trial))));
    }
    if (trained.length && real.every(todo)) {
      nodes.push(on([screen("instructions", F.word("begins"), () => F.paragraphs(F.word("begins_text", { n: real.length })), goOn("start"))]));
    }
    real.forEach((trial, n) => {
      if (!todo(trial)) return;
      if (study.break_every && n > 0 && n % study.break_every === 0) {
        nodes.push(on([screen("break", F.word("pause"), () => [
          F.el("progress", { max: real.length, value: n, "aria-label": F.word("progress", { done: n, all: real.length }) }),
          F.paragraphs(F.word("pause_text", { done: n, all: real.length })),
        ], goOn())]));
      }
      nodes.push(on([face(trial, { done: n, all: real.length })]));
    });
    return nodes;
  }

  function about({ study }, store, run) {
    const fields = study.demographics || [];
    if (!fields.length) return [];
    const asks = screen("about", F.word("about"), () => F.paragraphs(F.word("about_text")), goOn("next"), { fields });
    const unasked = () => run.goesOn() && store.get("about") === null;
    return [{ timeline: [{ ...asks, on_finish: (row) => store.set("about", row.about) }], conditional_function: unasked }];
  }

  /**
   * The timeline of a visit. `told` is what the study answered; `run` knows how it stands: goesOn(), ended (a promise),
   * answered(trial, row), pictures, begun (whether a face has been answered), speak(language).
   */
  F.timeline = (told, store, run) => [
    ...consent(told, store, run.speak),
    { timeline: [instructions(told)], conditional_function: () => run.goesOn() && !run.begun() },
    ...faces(told, run),
    ...about(told, store, run),
  ];
})((window.FerExp = window.FerExp || {}));
