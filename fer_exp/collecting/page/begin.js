// Starts the study; an error that nobody has foreseen is shown, and does not leave an empty page.
(function (F) {
  "use strict";

  const failed = (error) => {
    console.error(error);
    const why = error && (error.why || error.message);
    F.page("error", F.word("error"), [why ? F.el("p", {}, String(why)) : null], [{ name: "again", word: F.word("try_again"), act: () => location.reload() }]);
  };
  (F.hosted ? F.hosted.ready() : Promise.resolve()).then(() => F.begin(initJsPsych)).catch(failed);
})((window.FerExp = window.FerExp || {}));
