// The transport to a server: the page's side of what fer_exp/collecting/server.py answers.
(function (F) {
  "use strict";

  F.transport = {
    study: "http",
    start: (asked) => F.post("api/start", asked),
    answer: (answer) => F.post("api/answer", answer),
    about: (answer) => F.post("api/about", answer),
    finish: (what) => F.post("api/finish", what),
  };
})((window.FerExp = window.FerExp || {}));
