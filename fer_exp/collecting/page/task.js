// A person's visit: begun or gone on with, answers sent, ended. What is asked and answered goes through F.transport.
(function (F) {
  "use strict";

  const IDENTITY = ["PROLIFIC_PID", "workerId", "MW_ID", "survey_code", "sona_id", "participant", "worker", "id"]; // in the address

  const query = () => Object.fromEntries(new URLSearchParams(location.search));
  const identity = (asked) => IDENTITY.map((name) => asked[name]).find(Boolean) || null;

  /** Answers of before, on this device: they are gone on with, if the person is the same. Gives the session or null. */
  async function before(store, asked) {
    const kept = store.get("session");
    if (!kept) return null;
    const same = identity(asked) === kept.identity;
    const surely = store.getHere("begun", false) || identity(asked); // this tab, or somebody with an id
    if (!same || (!surely && (store.get("done") || !kept.done))) {
      store.forget();
      return null;
    }
    if (surely) return kept.token;
    const again = await new Promise((choose) => {
      F.page("resume", F.word("resume"), F.paragraphs(F.word("resume_text", kept)), [
        { name: "resume", word: F.word("resume_here"), act: () => choose(true) },
        { name: "new", word: F.word("resume_new"), act: () => choose(false) },
      ]);
    });
    if (!again) store.forget();
    return again ? kept.token : null;
  }

  /** The back button stays on the page, and says so. */
  function keepBack() {
    history.pushState(null, "", location.href);
    window.addEventListener("popstate", () => {
      history.pushState(null, "", location.href);
      F.status("back_button");
    });
  }

  /** The whole visit; `make` is jsPsych's initJsPsych. */
  F.begin = async (make) => {
    const { transport } = F;
    const store = F.store(transport.study);
    const tabs = F.tabs(store, () => location.reload());
    if (!(await tabs.alone())) {
      await new Promise((here) => F.page("tab", F.word("tab"), F.paragraphs(F.word("tab_text")), [{ name: "here", word: F.word("tab_here"), act: here }]));
      tabs.take();
      store.setHere("begun", true);
    }
    keepBack();
    const asked = query();
    const resume = await before(store, asked);
    const start = (language) => F.insist(
      () => transport.start({ participant: null, query: asked, resume: store.get("session")?.token || resume, language }, store),
      () => F.status("wait_start"));
    const language = asked.language || asked.lang || store.get("language") || navigator.language || null;
    await visit(make, await start(language), { transport, store, start, who: identity(asked) });
  };

  async function visit(make, told, { transport, store, start, who }) {
    F.status(null, "wait_start");
    F.speak(told.words);
    document.title = told.study.title || document.title;
    const kept = store.get("session");
    if (kept && kept.token !== told.session) store.forget(); // of another study that was at this address
    const over = store.get("done", false) && !who; // opened again in the same tab, in a laboratory perhaps by the next person
    const next = over ? () => (store.forget(), location.reload()) : null;
    if (told.state !== "on") return F.end(await farewell(told, { transport, store }), told, next);
    const real = told.trials.filter((trial) => trial.kind !== "practice");
    const unsent = store.get("unsent", []).map((answer) => answer.trial);
    const answered = [...new Set([...told.answered, ...unsent])];
    const count = () => real.filter((trial) => answered.includes(trial.trial)).length;
    const keep = () => store.set("session", { token: told.session, identity: who, done: count(), all: real.length });
    keep();
    store.setHere("begun", true);

    let state = told.state;
    let end;
    const rows = store.get("rows", []);
    const run = { goesOn: () => store.get("agreed", false) && state !== "screened_out", ended: new Promise((go) => (end = go)) };
    const outbox = F.outbox(store, {
      send: (answer) => transport.answer(answer, store),
      heard: (reply) => {
        if (reply.state) state = reply.state;
        if (state === "screened_out") end();
      },
      refused: (answer, error) => {
        rows.push({ trial_type: "refused", trial: answer.trial, why: error.why });
        store.set("rows", rows);
        if (state === "on") F.status("refused", null, { why: error.why });
      },
      tell: (trouble) => F.status(trouble || "sent"),
    });
    run.answered = (trial, row) => {
      if (!row.answer) return;
      answered.push(trial.trial);
      outbox.add({
        session: told.session, trial: trial.trial, label: row.answer.label, intensity: row.answer.intensity,
        valence: row.answer.valence, arousal: row.answer.arousal, seconds: row.rt / 1000, shown_at: row.answer.shown_at,
      });
      delete row.answer; // its parts are columns of their own
      keep();
    };
    run.pictures = F.pictures(told.trials.filter((trial) => !answered.includes(trial.trial)).map((trial) => trial.picture), F.status);
    run.pictures.ahead(null);

    let other = null;
    run.begun = () => answered.length > 0;
    run.speak = (language) => {
      store.set("language", (other = language));
      jsPsych.abortExperiment();
    };
    F.stage().replaceChildren();
    const jsPsych = make({
      display_element: F.stage(),
      on_data_update: (row) => {
        rows.push(row);
        store.set("rows", rows);
      },
    });
    jsPsych.data.addProperties({ language: told.language, ...(told.participant ? { participant: told.participant } : {}) });
    await jsPsych.run(F.timeline({ ...told, answered: [...answered] }, store, run));
    if (other) return visit(make, await start(other), { transport, store, start, who }); // the same session, in another language
    if (!store.get("agreed", false)) return undefined;
    F.page("saving", F.word("saving"), []);
    await outbox.empty();
    const answers = store.get("about");
    if (answers && Object.keys(answers).length) await F.insist(() => transport.about({ session: told.session, answers }, store), F.status).catch(() => {});
    return F.end(await farewell({ ...told, state }, { transport, store }), told, next);
  }

  /** How the visit ends, once the rows of raw data are handed over; of somebody who has ended before, as the server says. */
  async function farewell(told, { transport, store }) {
    const rows = store.get("rows", []);
    if (told.state === "full" || (told.state !== "on" && !rows.length)) return told;
    const last = await F.insist(() => transport.finish({ session: told.session, raw: rows }, store), F.status);
    store.set("done", true);
    F.status(null);
    return last;
  }
})((window.FerExp = window.FerExp || {}));
