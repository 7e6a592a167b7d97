// One study in one tab. A new tab asks the others over the device's storage, whose events no browser slows down.
(function (F) {
  "use strict";

  const ANSWER_WITHIN = 250; // milliseconds

  /** Gives whether this tab may go on; `stopped` is called when another one takes over. */
  F.tabs = (store, stopped) => {
    const me = `${Date.now()}-${Math.random()}`;
    const key = store.name("tab");
    let mine = false;
    let answered = () => {};

    const say = (what) => {
      try {
        localStorage.setItem(key, JSON.stringify({ from: me, what, at: Date.now() + Math.random() }));
      } catch {
        // without storage there are no other tabs to hear
      }
    };

    window.addEventListener("storage", (event) => {
      if (event.key !== key || !event.newValue) return;
      const { from, what } = JSON.parse(event.newValue);
      if (from === me) return;
      if (what === "anybody?" && mine) say("here");
      if (what === "here" && !mine) answered();
      if (what === "mine" && mine) {
        mine = false;
        stopped();
      }
    });

    return {
      alone: () =>
        new Promise((tell) => {
          const clock = setTimeout(() => {
            mine = true;
            tell(true);
          }, ANSWER_WITHIN);
          answered = () => {
            clearTimeout(clock);
            tell(false);
          };
          say("anybody?");
        }),
      take() {
        mine = true;
        say("mine");
      },
    };
  };
})((window.FerExp = window.FerExp || {}));
