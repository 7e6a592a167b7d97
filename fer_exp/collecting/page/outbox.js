// Answers on their way. Each is kept on the device until it is acknowledged, and sent again until then.
(function (F) {
  "use strict";

  const WAITS = [1, 2, 4, 8, 15, 30]; // seconds from one try to the next
  const PATIENCE = 10000; // milliseconds that a request may take

  /** What a failed request means: "offline", "no_room", "no_server", or "refused", which no further try can mend. */
  F.trouble = (status) => {
    if (status === 507) return "no_room";
    if (status >= 400 && status < 500 && ![408, 425, 429].includes(status)) return "refused";
    return navigator.onLine === false ? "offline" : "no_server";
  };

  /** POSTs JSON and gives the JSON that comes back; throws {status, why}. */
  F.post = async (path, content) => {
    const stop = new AbortController();
    const clock = setTimeout(() => stop.abort(), PATIENCE);
    let reply;
    try {
      reply = await fetch(path, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content),
        credentials: "omit", cache: "no-store", signal: stop.signal,
      });
      const told = await reply.json().catch(() => ({}));
      if (!reply.ok) throw { status: reply.status, why: told.error || `HTTP ${reply.status}` };
      return told;
    } catch (error) {
      throw error.status === undefined ? { status: 0, why: String(error) } : error;
    } finally {
      clearTimeout(clock);
    }
  };

  /** Tries something until it succeeds or is refused; `tell` hears of each trouble. */
  F.insist = async (attempt, tell) => {
    for (let tries = 0; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        const trouble = F.trouble(error.status);
        if (trouble === "refused") throw error;
        tell(trouble);
        await F.wait(WAITS[Math.min(tries, WAITS.length - 1)]);
      }
    }
  };

  /** Waits some seconds, or until the browser says that the connection is back. */
  F.wait = (seconds) =>
    new Promise((go) => {
      const clock = setTimeout(done, seconds * 1000);
      function done() {
        clearTimeout(clock);
        window.removeEventListener("online", done);
        go();
      }
      window.addEventListener("online", done);
    });

  /**
   * A queue of answers. `send(answer)` gives the reply; `heard(reply)` receives it; `refused(answer, error)` what was
   * not taken; `tell(trouble or null)` says how it stands.
   */
  F.outbox = (store, { send, heard, refused, tell }) => {
    let unsent = store.get("unsent", []);
    let troubled = false;
    let running = null;

    const keep = () => store.set("unsent", unsent);

    async function work() {
      while (unsent.length) {
        const answer = unsent[0];
        try {
          const reply = await F.insist(() => send(answer), (trouble) => {
            troubled = true;
            tell(trouble);
          });
          heard(reply);
        } catch (error) {
          refused(answer, error);
        }
        unsent = unsent.filter((each) => each !== answer);
        keep();
      }
      if (troubled) tell(null);
      troubled = false;
      running = null;
    }

    const start = () => (running = running || work());
    window.addEventListener("beforeunload", (event) => {
      if (unsent.length) event.preventDefault(); // the browser asks whether to leave; the answers stay either way
    });
    if (unsent.length) start();
    return {
      add(answer) {
        unsent.push(answer);
        keep();
        start();
      },
      trials: () => unsent.map((answer) => answer.trial),
      empty: async () => {
        while (unsent.length) await start();
      },
    };
  };
})((window.FerExp = window.FerExp || {}));
