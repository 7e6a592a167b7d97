// The transport of a study without a server: faces are dealt by chance in the page, and answers stay on the device until
// the end. FerExp.given (study.js) holds what the study asks, known answers too: whoever reads the files sees them.
(function (F) {
  "use strict";

  const { given } = F;

  const shuffled = (list) => {
    const dealt = [...list];
    for (let n = dealt.length - 1; n > 0; n--) {
      const other = Math.floor(Math.random() * (n + 1));
      [dealt[n], dealt[other]] = [dealt[other], dealt[n]];
    }
    return dealt;
  };
  const one = (list) => list[Math.floor(Math.random() * list.length)];
  const code = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  /** Puts trials among others at random places, not among the first `from`. */
  function among(trials, others, from = 1) {
    for (const each of others) trials.splice(from + Math.floor(Math.random() * (trials.length - from + 1)), 0, each);
    return trials;
  }

  /** One person's trials: practice first, then faces, gold faces and checks mixed, then repeats far from their first time. */
  function deal(names) {
    const { rules } = given;
    const gold = shuffled(given.faces.filter((face) => face.gold));
    const practice = gold.splice(0, rules.practice);
    const known = gold.splice(0, rules.gold_faces);
    const others = given.faces.filter((face) => !face.gold);
    const plain = shuffled(others.length ? others : gold).slice(0, rules.per_person);
    const trials = shuffled([...plain, ...known]).map((face) => ({ kind: "face", face }));
    const again = shuffled(trials.slice(0, Math.ceil(trials.length / 2))).slice(0, rules.repeats);
    const checks = Array.from({ length: names.length ? rules.attention : 0 }, () => ({ kind: "attention", face: one(given.faces), wanted: one(names) }));
    among(trials, again.map(({ face }) => ({ kind: "face", face, repeat: true })), Math.ceil(trials.length / 2));
    among(trials, checks, Math.min(3, trials.length));
    return [...practice.map((face) => ({ kind: "practice", face, wanted: face.gold })), ...trials]
      .map((each, n) => ({ ...each, trial: `t${n + 1}` }));
  }

  /** How the answers so far stand against known ones and checks: "on" or "screened_out". */
  function standing({ trials, said }) {
    const { rules } = given;
    const known = trials.filter((each) => each.kind === "face" && each.face.gold && !each.repeat && each.trial in said);
    const right = known.filter((each) => said[each.trial] === each.face.gold).length;
    const missed = trials.filter((each) => each.kind === "attention" && each.trial in said && said[each.trial] !== each.wanted).length;
    const poor = rules.min_gold_accuracy !== null && known.length >= rules.enough_gold_answers && right / known.length < rules.min_gold_accuracy;
    return poor || (rules.max_missed_attention !== null && missed > rules.max_missed_attention) ? "screened_out" : "on";
  }

  const spoken = (wanted) => {
    const codes = Object.keys(given.languages);
    return codes.find((each) => String(wanted || "").toLowerCase().startsWith(each)) || codes[0];
  };

  F.transport = {
    study: given.id,

    async start({ query, language }, store) {
      let kept = store.get("deal");
      const code_ = spoken(kept && !language ? kept.language : language);
      const { words, study } = given.languages[code_];
      if (!kept) {
        const names = study.classes.map((each) => each.name);
        const person = given.identity.map((name) => query[name]).find(Boolean) || code();
        kept = { person, order: given.rules.order === "fixed" ? names : shuffled(names), trials: deal(names), said: {} };
      }
      kept.language = code_;
      store.set("deal", kept);
      const trials = kept.trials.map(({ trial, kind, face, wanted, repeat }) => ({ trial, kind, wanted, repeat, picture: face.picture, stimulus: face.id }));
      return {
        session: kept.person, participant: kept.person, language: code_, words, study: { ...study, order: kept.order }, trials,
        answered: Object.keys(kept.said), state: standing(kept),
      };
    },

    async answer({ trial, label }, store) {
      const kept = store.get("deal");
      if (!(trial in kept.said)) kept.said[trial] = label;
      store.set("deal", kept);
      if (F.hosted.soFar && Object.keys(kept.said).length % 10 === 0) F.hosted.soFar(store.get("rows", []));
      return { saved: true, state: standing(kept) };
    },

    about: async () => ({ saved: true }),

    async finish({ raw }, store) {
      const kept = store.get("deal");
      const state = standing(kept) === "on" ? "done" : "screened_out";
      const rows = state === "done" ? raw : raw.map((row) => ({ ...row, screened_out: true }));
      const download = (await F.hosted.save(rows, kept.person)) ? null : { rows, name: `answers-${kept.person}.json` };
      const end = given.ends[state];
      return { state, download, ...end, redirect: end.redirect && end.redirect.replace("%7Bparticipant%7D", encodeURIComponent(kept.person)) };
    },
  };
})((window.FerExp = window.FerExp || {}));
