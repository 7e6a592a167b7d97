// What is kept on the person's device: the session, answers that are not yet sent, rows of raw data.
(function (F) {
  "use strict";

  const memory = new Map(); // where a browser keeps nothing, the page works until it is closed

  function storage(kind) {
    try {
      const place = window[kind];
      place.setItem("fer-exp", "1");
      place.removeItem("fer-exp");
      return place;
    } catch {
      return {
        getItem: (key) => (memory.has(key) ? memory.get(key) : null),
        setItem: (key, value) => memory.set(key, value),
        removeItem: (key) => memory.delete(key),
      };
    }
  }

  const device = storage("localStorage"); // of all tabs, and still there tomorrow
  const tab = storage("sessionStorage"); // of this tab alone; a reload keeps it

  /** A store whose keys belong to one study at one address. */
  F.store = (study) => {
    const name = (key) => `fer-exp ${location.pathname} ${study} ${key}`;
    const read = (place, key, otherwise) => {
      const text = place.getItem(name(key));
      try {
        return text === null ? otherwise : JSON.parse(text);
      } catch {
        return otherwise;
      }
    };
    const write = (place, key, value) => {
      try {
        place.setItem(name(key), JSON.stringify(value));
      } catch {
        memory.set(name(key), JSON.stringify(value)); // the browser's own room is used up
      }
    };
    return {
      name,
      get: (key, otherwise = null) => read(device, key, otherwise),
      set: (key, value) => write(device, key, value),
      remove: (key) => device.removeItem(name(key)),
      getHere: (key, otherwise = null) => read(tab, key, otherwise),
      setHere: (key, value) => write(tab, key, value),
      forget: () => ["session", "unsent", "rows", "agreed", "deal", "about", "done", "language"].forEach((key) => device.removeItem(name(key))),
    };
  };
})((window.FerExp = window.FerExp || {}));
