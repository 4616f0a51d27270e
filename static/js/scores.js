/* 审核页右栏“评分”：逐行给审核得分和意见，离开一格就存；表里的得分格划掉自评、写上审核的。 */
(function (app) {
  "use strict";

  const pane = document.getElementById("score-list");
  const tabs = Array.from(document.querySelectorAll('.side-tabs [role="tab"]'));
  if (!pane || !tabs.length) {
    return;
  }

  /** 意见多高由字数定；没有打开的一页量不出，打开时再量。 */
  function grow(area) {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }

  // ---- 表签 ----

  const KEPT = "ziping-panel"; // 换一张表，右栏还开着原来的一页

  function open(tab, andFocus) {
    sessionStorage.setItem(KEPT, tab.id);
    tabs.forEach((each) => {
      const mine = each === tab;
      each.setAttribute("aria-selected", String(mine));
      each.tabIndex = mine ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = !mine;
    });
    if (andFocus) {
      tab.focus();
    }
    pane.querySelectorAll("textarea").forEach((area) => area.value && grow(area));
  }

  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => open(tab, false));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) {
        event.preventDefault();
        open(tabs[(index + step + tabs.length) % tabs.length], true);
      }
    });
  });

  const scoresTab = document.getElementById("tab-scores");
  const rowOf = (address) => pane.querySelector(`[data-row="${CSS.escape(address)}"]`);

  // ---- 表里的得分格 ----

  /** 得分格：与自评不同的划掉自评，写上最后的分。 */
  function mark(line) {
    app.cells(line.cell).forEach((node) => {
      const cell = app.frame.contains(node) && app.box(node);
      if (!cell) {
        return;
      }
      const old = cell.querySelector(".reviewed");
      if (old) {
        old.remove();
      }
      const changed = Boolean(line.gap);
      cell.classList.toggle("rescored", changed);
      if (changed) {
        cell.append(app.element("span", "reviewed", "→ ", app.element("b", "", line.final), app.element("span", "visually-hidden", "（审核）")));
      }
    });
  }

  pane.addEventListener("click", (event) => {
    const button = event.target.closest("[data-jump-score]");
    if (button) {
      app.jumpToCell(button.dataset.jumpScore);
    }
  });

  // 点表里的得分格，转到右栏的那一行
  app.frame.addEventListener("click", (event) => {
    const cell = event.target.closest("td");
    const node = cell && cell.querySelector(".v[data-address]");
    const row = node && pane.querySelector(`[data-cell="${CSS.escape(node.dataset.address)}"]`);
    if (row) {
      open(scoresTab, false);
      pane.querySelectorAll(".score-row.current").forEach((each) => each.classList.remove("current"));
      row.classList.add("current");
      row.scrollIntoView({ block: "nearest" });
    }
  });

  // ---- 保存 ----

  const stored = new Map(); // 行 → 存着的 {score, opinion}
  const waiting = new Map(); // 行 → 正在存的承诺

  const fieldOf = (row, name) => row.querySelector(`[data-field="${name}"]`);
  const valuesOf = (row) => ({ score: fieldOf(row, "score").value.trim(), opinion: fieldOf(row, "opinion").value.trim() });
  const same = (one, other) => one.score === other.score && one.opinion === other.opinion;

  function tell(row, tone, text) {
    const line = row.querySelector(".score-state");
    line.className = `score-state ${tone}`;
    line.textContent = text;
    fieldOf(row, "score").setAttribute("aria-invalid", String(tone === "tone-err"));
  }

  function text(selector, value) {
    document.querySelectorAll(selector).forEach((node) => {
      node.textContent = value;
    });
  }

  function show(row, answer) {
    const { line, part, whole } = answer;
    row.querySelector('[data-line="final"]').textContent = line.final || "—";
    row.querySelector('[data-line="gap"]').textContent = line.gap;
    row.classList.toggle("far", line.far);
    text('[data-part="final"]', part.final || "—");
    text('[data-part="gap"]', part.gap);
    text('[data-whole="final"]', whole.final || "—");
    text('[data-whole="grade"]', whole.grade);
    text("[data-unfinished]", answer.unfinished ? `缺 ${answer.unfinished} 条理由` : "");
    document.querySelectorAll("[data-seen-scores]").forEach((input) => {
      input.value = answer.count;
    });
    mark(line);
    const written = Array.from(pane.querySelectorAll('[data-field="opinion"]')).filter((area) => area.value.trim());
    text("[data-opinions]", written.length);
  }

  async function save(row) {
    const address = row.dataset.row;
    if (waiting.has(address)) {
      await waiting.get(address);
    }
    const values = valuesOf(row);
    const was = stored.get(address);
    if (same(values, was)) {
      return;
    }
    const sent = send(row, address, values, was);
    waiting.set(address, sent);
    await sent;
    waiting.delete(address);
  }

  async function send(row, address, values, was) {
    tell(row, "meta", "正在保存");
    try {
      const answer = await app.post(pane.dataset.scoreUrl, { address, ...values, was });
      stored.set(address, { score: answer.line.score, opinion: answer.line.opinion });
      if (same(valuesOf(row), values)) {
        fieldOf(row, "score").value = answer.line.score;
      }
      tell(row, answer.advice ? "tone-warn" : "tone-ok", answer.advice || "已保存");
      show(row, answer);
    } catch (error) {
      const words = error instanceof app.Refused ? error.message : "没有保存，请检查网络，再点一下这一格后离开。";
      tell(row, "tone-err", words);
    }
  }

  Array.from(pane.querySelectorAll("[data-row]")).forEach((row) => {
    if (!fieldOf(row, "score")) {
      return;
    }
    stored.set(row.dataset.row, valuesOf(row));
    row.addEventListener("focusout", () => save(row));
    row.addEventListener("input", (event) => {
      tell(row, "meta", "");
      if (event.target.matches("textarea")) {
        grow(event.target);
      }
    });
    row.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing && event.target.matches("input")) {
        event.preventDefault();
        fieldOf(row, "opinion").focus();
      }
    });
  });

  // 没有存好就离开：先问一声
  window.addEventListener("beforeunload", (event) => {
    const left = Array.from(stored.keys()).some((address) => !same(valuesOf(rowOf(address)), stored.get(address)));
    if (left) {
      event.preventDefault();
      event.returnValue = "";
    }
  });

  JSON.parse(document.getElementById("scores-data").textContent).forEach(mark);
  if (sessionStorage.getItem(KEPT) === scoresTab.id) {
    open(scoresTab, false);
  }
})(window.ziping);
