// At cognition.run the page and jsPsych are theirs, and they keep what jsPsych has once it has ended. Ours begins there.
(function (F) {
  "use strict";

  /** Begins the study; `folder` is where the uploaded pictures are called by. */
  F.cognition = (folder = "") => {
    F.hosted.itself = true;
    for (const face of F.given.faces) face.picture = folder + face.picture;
    const [first] = Object.values(F.given.languages);
    F.speak(first.words);
    document.body.append(F.el("main", { id: "stage", tabindex: -1 }), F.el("p", { id: "status", role: "status", "aria-live": "polite" }));
    return F.begin(initJsPsych);
  };
})((window.FerExp = window.FerExp || {}));
