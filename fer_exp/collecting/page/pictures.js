// Pictures are fetched ahead, so that nobody waits for the next one.
(function (F) {
  "use strict";

  const AHEAD = 8; // about half a minute of faces, should the connection go

  /** A loader of pictures; `urls` in the order in which they are shown. */
  F.pictures = (urls, tell) => {
    const loading = new Map();

    async function decoded(url) {
      for (let tries = 0; ; tries++) {
        const image = new Image();
        image.src = tries ? `${url}${url.includes("?") ? "&" : "?"}try=${tries}` : url;
        try {
          await image.decode();
          return image;
        } catch {
          if (tries) tell("no_picture");
          await F.wait(Math.min(1 + 2 * tries, 15));
        }
      }
    }

    const load = (url) => {
      if (!loading.has(url)) loading.set(url, decoded(url));
      return loading.get(url);
    };

    return {
      load,
      /** Fetches those that follow after one, one after the other. */
      async ahead(url) {
        const next = urls.slice(urls.indexOf(url) + 1, urls.indexOf(url) + 1 + AHEAD);
        for (const each of next) await load(each);
      },
      drop: (url) => loading.delete(url),
    };
  };
})((window.FerExp = window.FerExp || {}));
