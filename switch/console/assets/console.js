// What the console does in the browser: it keeps pages live, sorts and filters the table of
// participants, draws the charts, and takes keys. Without it every page works, but stands
// still. It makes no HTML of its own.
(() => {
  "use strict";
  const root = document.documentElement;
  const one = (what, from = document) => from.querySelector(what);
  const all = (what, from = document) => [...from.querySelectorAll(what)];
  root.classList.add("script");

  // Dark or light: the cookie tells the server, so that no page begins in the wrong one.
  function turn() {
    const dark = getComputedStyle(root).colorScheme === "dark" ||
      (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = dark ? "light" : "dark";
    document.cookie = "theme=" + root.dataset.theme + "; path=/; max-age=31536000; samesite=lax";
    charts.restyle();
  }
  one("#theme").addEventListener("click", turn);

  // Sorting and filtering the table of participants. The server has sorted the page; what
  // comes live is in its own order and is arranged before it is put in place, so that
  // rows do not jump and keep their focus.
  const matrix = {
    get there() { return one("#filter") !== null; },
    wanted() {
      const form = one("#filter");
      const sort = form.elements.sort.value;
      return { key: sort.replace(/^-/, ""), down: sort.startsWith("-"), text: form.elements.filter.value.trim().toLowerCase(), state: form.elements.state.value };
    },
    arrange(where) {
      const table = one("#matrix", where);
      if (!this.there || !table) return;
      const { key, down, text, state } = this.wanted();
      const value = (row) => JSON.parse(row.dataset.keys)[key || "state"] ?? 0;
      const byName = (a, b) => a.dataset.id < b.dataset.id ? -1 : a.dataset.id > b.dataset.id ? 1 : 0;
      const rows = all("tbody tr", table);
      const sorted = rows.toSorted((a, b) => {
        const by = key === "id" ? byName(a, b) : value(a) - value(b);
        return (down ? -by : by) || byName(a, b);
      });
      if (sorted.some((row, i) => row !== rows[i])) rows[0].parentNode.append(...sorted);
      let shown = 0;
      for (const row of sorted) {
        const is = row.dataset.state;
        row.hidden = !row.dataset.text.includes(text) || (state === "unwell" ? is === "up" : state !== "" && is !== state);
        if (!row.hidden) shown++;
      }
      for (const head of all("thead th", table)) {
        const link = one("a", head);
        if (link && link.dataset.sort === key) head.setAttribute("aria-sort", down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      }
      const count = one("[data-shown]", where);
      if (count) count.textContent = shown;
      const nothing = one(".needs-none", where);
      if (nothing) nothing.hidden = shown > 0;
    },
    changed() {
      this.arrange(document);
      const query = new URLSearchParams(new FormData(one("#filter")));
      for (const [name, value] of [...query]) if (!value) query.delete(name);
      history.replaceState(null, "", query.size ? "?" + query : location.pathname);
    },
  };
  if (matrix.there) {
    const form = one("#filter");
    form.addEventListener("submit", (e) => { e.preventDefault(); matrix.changed(); });
    form.addEventListener("input", (e) => {
      if (e.target.id === "sort-phone") form.elements.sort.value = e.target.value;
      matrix.changed();
    });
    document.addEventListener("click", (e) => {
      const link = e.target.closest("a[data-sort]");
      if (!link || e.ctrlKey || e.metaKey) return;
      e.preventDefault();
      const { key, down } = matrix.wanted();
      const same = key === link.dataset.sort;
      form.elements.sort.value = ((same ? !down : "number" in link.dataset) ? "-" : "") + link.dataset.sort;
      matrix.changed();
    });
  }
  document.addEventListener("htmx:before:swap", (e) => {
    for (const task of e.detail.tasks) matrix.arrange(task.fragment);
  });
  // What a page asks for by itself says so: it is no use of the session. A hidden window
  // asks for nothing.
  document.addEventListener("htmx:before:request", (e) => {
    const ctx = e.detail.ctx;
    if (!ctx.sourceElement.matches("[hx-trigger^=every]")) return;
    if (document.hidden) e.preventDefault();
    else ctx.request.headers["Switchd-Poll"] = "true";
  });
  // What somebody has unfolded stays unfolded.
  htmx.registerExtension("keep-open", {
    htmx_before_morph_attr: (element, detail) => !(detail.attrName === "open" && element.matches("details, dialog")),
  });

  // The stream of what is live. A hidden window has none: it costs nothing, and browsers
  // allow few streams for one address.
  const live = {
    source: null, timer: 0, heard: 0, wait: 1000, fault: "", over: false,
    topics() {
      const topics = ["head", ...all("[data-live]").map((e) => e.dataset.live)];
      if (one("#charts")) topics.push("sample");
      return topics;
    },
    open() {
      if (this.source || this.over || document.hidden) return;
      const topics = this.topics();
      this.source = new EventSource("/console/live?topics=" + topics.map(encodeURIComponent).join(","));
      this.source.onopen = () => { this.wait = 1000; };
      this.source.onerror = () => this.lost();
      this.source.addEventListener("fault", (e) => { this.fault = e.data; this.show(); });
      for (const topic of topics) this.source.addEventListener(topic, (e) => this.take(topic, e.data));
    },
    close() {
      clearTimeout(this.timer);
      this.source?.close();
      this.source = null;
    },
    // The browser would try again by itself, but not after an answer that is an error.
    lost() {
      this.close();
      this.show();
      this.timer = setTimeout(() => this.again(), this.wait * (0.7 + 0.6 * Math.random()));
      this.wait = Math.min(this.wait * 2, 30000);
    },
    // The stream ends with the session, and then there is no use in asking for it again:
    // who has no session is sent to the login from any page.
    async again() {
      if (logout && !document.hidden) {
        try {
          const answer = await fetch("/", { headers: { Accept: "text/html", "Switchd-Poll": "true" }, redirect: "manual" });
          this.over = answer.type === "opaqueredirect";
        } catch { /* the stream tells it as well */ }
        this.show();
      }
      this.open();
    },
    take(topic, data) {
      this.heard = Date.now();
      if (topic === "head") { this.fault = ""; this.head(JSON.parse(data)); }
      else if (topic === "sample") charts.add(JSON.parse(data));
      else {
        const target = one('[data-live="' + CSS.escape(topic) + '"]');
        if (target) htmx.swap({ text: data, target, sourceElement: target, swap: "innerMorph" });
      }
      this.show();
    },
    head(h) {
      const state = one("#head-state");
      state.className = "st st-" + h.level;
      for (const e of all("[data-head]")) e.textContent = h[e.dataset.head];
      for (const e of all("[data-badge]")) {
        const n = h.badges[e.dataset.badge] ?? 0;
        e.textContent = n;
        e.hidden = n === 0;
      }
    },
    show() {
      const fresh = !this.over && this.heard && Date.now() - this.heard < 5000 && !this.fault;
      const state = fresh ? "live" : this.heard || this.fault ? "lost" : "off";
      const box = one("#live");
      const word = fresh ? "live" : state === "lost" ? "no data" : "not live";
      if (box.dataset.state !== state) box.dataset.state = state;
      const at = one("[data-live-word]");
      if (at.textContent !== word) at.textContent = word;
      const stale = one("#stale");
      stale.hidden = state !== "lost";
      const text = state === "lost" ? "Not live: everything here is as it was at " + one("[data-head=at]").textContent + " UTC. " + (this.over ? "Your session has ended: log in again." : this.fault || "The switch does not answer.") : "";
      if (stale.textContent !== text) stale.textContent = text;
    },
  };
  document.addEventListener("visibilitychange", () => document.hidden ? live.close() : live.open());
  addEventListener("pagehide", () => live.close());
  addEventListener("pageshow", () => live.open());
  const logout = one('form[action="/logout"]');
  logout?.addEventListener("submit", () => live.close());
  setInterval(() => { if (!document.hidden) live.show(); }, 2000);

  // The charts of the overview.
  const charts = {
    plots: [], data: [],
    kinds: {
      rate: [["per second", "--accent", (s) => s.per_second]],
      share: [["success", "--ok", (s) => s.per_second ? s.success * 100 : null, "y"], ["declined", "--idle", (s) => s.per_second ? s.declined * 100 : null, "right"], ["failed", "--bad", (s) => s.per_second ? s.failed * 100 : null, "right"]],
      latency: [["p50", "--accent", (s) => s.p50_ms || null], ["p99", "--warn", (s) => s.p99_ms || null]],
      open: [["open", "--accent", (s) => s.open], ["unknown", "--bad", (s) => s.in_doubt]],
    },
    dashes: [[], [6, 3], [2, 3]],
    async begin() {
      if (!one("#charts")) return;
      try {
        const answer = await fetch("/console/series");
        if (!answer.ok) return;
        const series = await answer.json();
        this.data = (series.samples ?? []).concat(this.data.filter((s) => !(series.samples ?? []).some((o) => o.at >= s.at)));
      } catch { return; }
      this.draw();
    },
    columns(kind) {
      return [this.data.map((s) => s.at), ...this.kinds[kind].map(([, , value]) => this.data.map(value))];
    },
    draw() {
      // What light-dark() chooses is known only where it is used.
      const probe = document.createElement("i");
      one("#charts").append(probe);
      const fromZero = (u, low, high) => [0, Math.max(high || 0, 1) * 1.05];
      const used = (name) => { probe.style.color = "var(" + name + ")"; return getComputedStyle(probe).color; };
      for (const p of this.plots) p.plot.destroy();
      this.plots = all("#charts [data-chart]").map((figure) => {
        const kind = figure.dataset.chart, place = one(".plot", figure);
        const axis = { stroke: used("--muted"), grid: { stroke: used("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
        const plot = new uPlot({
          width: place.clientWidth, height: place.clientHeight - 24, tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
          scales: { x: { time: true }, right: { range: fromZero }, y: { range: kind === "share" ? (u, low) => [Math.floor(Math.min(low ?? 99, 99) - 0.5), 100] : fromZero } },
          axes: [{ ...axis, size: 26, space: 70, values: (u, at, i, space, every) => at.map((t) => new Date(t * 1000).toISOString().slice(11, every < 60 ? 19 : 16)) }, { ...axis, size: 48 },
            ...(kind === "share" ? [{ ...axis, size: 36, scale: "right", side: 1, grid: { show: false } }] : [])],
          cursor: { drag: { x: false, y: false }, y: false }, legend: { live: true },
          series: [{ value: (u, t) => t == null ? "–" : new Date(t * 1000).toISOString().slice(11, 19) },
            ...this.kinds[kind].map(([label, name, , scale], i) => ({ label, scale: scale ?? "y", stroke: used(name), width: 1.6, dash: this.dashes[i], points: { show: false }, spanGaps: false, value: (u, v) => v == null ? "–" : v.toFixed(1) }))],
        }, this.columns(kind), place);
        return { kind, plot, place };
      });
      probe.remove();
    },
    add(sample) {
      if (this.data.length && sample.at <= this.data.at(-1).at) return;
      this.data.push(sample);
      const first = sample.at - 900;
      while (this.data.length && this.data[0].at < first) this.data.shift();
      if (!this.plots.length && this.data.length > 1) this.draw();
      for (const p of this.plots) p.plot.setData(this.columns(p.kind));
    },
    restyle() { if (this.plots.length) this.draw(); },
  };
  addEventListener("resize", () => {
    for (const p of charts.plots) p.plot.setSize({ width: p.place.clientWidth, height: p.place.clientHeight - 24 });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.restyle());

  // Orders open in a dialog; without script they are a page.
  const dialog = one("#dialog"), help = one("#help");
  document.addEventListener("click", async (e) => {
    if (e.target.closest("[data-close]") && dialog.open) { e.preventDefault(); dialog.close(); return; }
    const link = e.target.closest("a[data-dialog]");
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    await htmx.ajax("GET", link.getAttribute("href"), { target: "#dialog-body", swap: "innerHTML" });
    if (!dialog.open) dialog.showModal();
    one("#dialog-body input:not([type=hidden])")?.focus();
  });
  one("#help-open").addEventListener("click", () => help.showModal());

  // Keys.
  let went = 0;
  function step(by) {
    const rows = all("[data-row]").filter((e) => e.checkVisibility());
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement?.closest("tr, li")?.querySelector("[data-row]") ?? document.activeElement);
    const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + by))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
  const keys = {
    "/": () => { one("#find").focus(); one("#find").select(); },
    "?": () => help.showModal(),
    j: () => step(1), k: () => step(-1), t: turn, g: () => { went = Date.now(); },
  };
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.target.matches("input, select, textarea")) {
      if (e.key === "Escape" && !dialog.open) e.target.blur();
      return;
    }
    if (dialog.open || help.open) return;
    const page = Date.now() - went < 1500 ? one('nav a[data-key="' + CSS.escape(e.key) + '"]') : null;
    went = 0;
    if (page) { e.preventDefault(); page.click(); return; }
    if (Object.hasOwn(keys, e.key)) { e.preventDefault(); keys[e.key](); }
  });

  matrix.arrange(document);
  live.open();
  charts.begin();
})();
