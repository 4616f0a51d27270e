/* 从指标库选：找一条，看口径和例子，加到光标所在的那一组。Alt+K 打开，Esc 关上，焦点回去。 */
(function (app) {
  "use strict";

  const opener = document.getElementById("library-open");
  const panel = document.getElementById("library-panel");
  if (!opener || !panel || !app.rows) {
    return;
  }

  const words = panel.querySelector("#library-words");
  const sector = panel.querySelector("#library-sector");
  const place = panel.querySelector("#library-place");
  const only = panel.querySelector("#library-only");
  const list = panel.querySelector(".library-list");
  const state = panel.querySelector(".library-state");
  let here = null; // 光标最后在的那一格
  let groups = []; // 能加到的各组：{list, group}
  let asked = 0;
  let timer;

  const levels = (group) => Object.values(group);
  const lastOf = (items) => items[items.length - 1] || "";

  // ---- 加到哪一组 ----

  function readGroups() {
    groups = Array.from(app.frame.querySelectorAll(".add-row"))
      .filter((button) => /(^|\/)指标$/.test(button.dataset.list))
      .map((button) => ({ list: button.dataset.list, group: JSON.parse(button.dataset.group || "{}") }));
    const line = here && here.isConnected ? here.closest("[data-group]") : null;
    const wanted = line ? line.dataset.group : "";
    place.textContent = "";
    groups.forEach(({ group }, index) => {
      const option = app.element("option", "", levels(group).join(" · ") || "表的末尾");
      option.value = String(index);
      option.selected = JSON.stringify(group) === wanted || Object.values(group).join() === Object.values(JSON.parse(wanted || "{}")).join();
      place.append(option);
    });
    const named = groups.some(({ group }) => levels(group).length);
    place.closest(".library-place").hidden = !named;
    only.closest(".form-check").hidden = !named;
  }

  function chosen() {
    return groups[Number(place.value)] || groups[0];
  }

  // ---- 找 ----

  async function search() {
    const turn = (asked += 1);
    const query = new URLSearchParams({ q: words.value, sector: sector.value });
    const target = chosen();
    if (only.checked && target && !only.closest(".form-check").hidden) {
      query.set("level2", lastOf(levels(target.group)));
    }
    let answer;
    try {
      answer = await app.request(`${opener.dataset.url}?${query}`);
    } catch (error) {
      state.textContent = error instanceof app.Refused ? error.message : "网络断开，找不了。请稍后再试。";
      return;
    }
    if (turn === asked) {
      draw(answer);
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(search, 200);
  }

  function draw(answer) {
    if (sector.options.length === 1) {
      answer.sectors.forEach((name) => sector.append(app.element("option", "", name)));
    }
    list.textContent = "";
    answer.results.forEach((one) => list.append(item(one)));
    const narrowed = only.checked && !only.closest(".form-check").hidden;
    if (!answer.results.length) {
      state.textContent = narrowed ? "这一组没有合适的。去掉“只看这一组的”再找。" : "没有合适的。换一个词，或换一个领域。";
    } else {
      state.textContent = answer.more ? `先列出 ${answer.results.length} 条，多打几个字再找。` : `${answer.results.length} 条`;
    }
  }

  function example(tone, name, word, text) {
    return text ? [app.element("p", `example ${tone}`, app.icon(name, `tone-${tone}`), app.element("b", "", word), text)] : [];
  }

  function usedBy(one) {
    const counts = [["今年", one.this_year], ["去年", one.last_year]].filter(([, count]) => count);
    return counts.length ? [counts.map(([word, count]) => `${word} ${count} 份材料用过`).join("，")] : [];
  }

  function item(one) {
    const add = app.button("加这一条", "btn btn-sm btn-outline-secondary", () => choose(one));
    add.setAttribute("aria-label", `加这一条：${one.name}`);
    const head = app.element("div", "library-head", app.element("b", "", one.name), app.element("span", "", one.shown), add);
    const about = [one.code, one.sector, one.level2, ...usedBy(one)].join("　");
    const node = app.element("li", "", head, app.element("p", "meta", about));
    if (one.help) {
      node.append(app.element("p", "", one.help));
    }
    node.append(...example("ok", "done", "好", one.good), ...example("err", "error", "不好", one.bad));
    return node;
  }

  async function choose(one) {
    const target = chosen();
    if (!target) {
      return;
    }
    const answer = await app.rows.act({ act: "add", list: target.list, group: target.group, library: one.id, id: app.rows.newId() });
    if (answer) {
      hide();
      app.toast(`已加“${one.name}”，目标和分值请按本单位的改。按 Ctrl+Z 可以撤销`);
    }
  }

  // ---- 开合 ----

  function show() {
    readGroups();
    if (!groups.length) {
      return;
    }
    panel.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    words.focus();
    words.select();
    search();
  }

  function hide() {
    panel.hidden = true;
    opener.setAttribute("aria-expanded", "false");
  }

  function leave() {
    const back = here && here.isConnected ? here : opener;
    hide();
    back.focus();
  }

  /** 上下键在各条的“加这一条”之间走，到顶回到找字的框。 */
  function walk(event) {
    const buttons = Array.from(list.querySelectorAll("button"));
    const at = buttons.indexOf(event.target);
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step || (at < 0 && event.target !== words) || (at < 0 && step < 0)) {
      return;
    }
    event.preventDefault();
    (buttons[at + step] || (at + step < 0 ? words : buttons[at])).focus();
  }

  app.frame.addEventListener("focusin", (event) => {
    if (event.target.matches(".v, .add-row, .row-menu")) {
      here = event.target;
    }
  });
  opener.addEventListener("click", () => (panel.hidden ? show() : leave()));
  panel.addEventListener("input", later);
  panel.addEventListener("submit", (event) => event.preventDefault());
  panel.querySelector("[data-close]").addEventListener("click", leave);
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) {
      event.stopPropagation();
      leave();
    } else {
      walk(event);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.altKey && !event.ctrlKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      (panel.hidden ? show : leave)();
    }
  });
})(window.ziping);
