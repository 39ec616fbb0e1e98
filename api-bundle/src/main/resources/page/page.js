// Refreshes what changes while a run lives; the page is whole without it.
(() => {
  "use strict";
  const parts = ["state", "actions", "facts", "outputs", "metadata", "log"];
  const state = () => document.getElementById("state");
  const tail = () => document.querySelector("#log pre");
  if (tail()) tail().scrollTop = tail().scrollHeight;
  if (!state() || state().dataset.final === "true") return;

  const show = (fresh) => {
    const log = tail();
    const atEnd = !log || log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const place = log ? log.scrollTop : 0;
    for (const id of parts) {
      const now = document.getElementById(id);
      const next = fresh.getElementById(id);
      if (now && next && now.outerHTML !== next.outerHTML) now.replaceWith(document.importNode(next, true));
    }
    document.title = fresh.title;
    if (tail()) tail().scrollTop = atEnd ? tail().scrollHeight : place;
  };

  const refresh = async () => {
    try {
      const answer = await fetch(location.pathname, { redirect: "error", cache: "no-store" });
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (e) {
      // The master is away or the session is over; the next attempt tells.
    }
    if (state().dataset.final !== "true") setTimeout(refresh, 1000);
  };
  setTimeout(refresh, 1000);
})();
