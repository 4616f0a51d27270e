/* 报告：文字平时显示填好的数、首行缩进，点进去才是原文；右栏点一个数，就插到光标处。 */
(function (app) {
  "use strict";

  if (!app.frame || !app.frame.querySelector(".prose")) {
    return;
  }

  const TOKEN = /\{\{|\}\}|\{[^{}\n]{1,100}\}/g;
  const INDENT = "　　";
  const list = document.getElementById("figures");
  const search = document.getElementById("figure-search");
  const tabs = Array.from(document.querySelectorAll('.side-tabs [role="tab"]'));
  const shownAs = new Map(); // 数的代号 → 现在的数
  let last = null; // 上次离开时光标在哪：{address, start, end}

  const covers = (node) => Boolean(node && node.closest(".prose"));
  const areas = () => Array.from(app.frame.querySelectorAll(".prose textarea.v"));

  // ---- 原文与显示的文字 ----

  /** 每段开头空两格，自己空了的不再加；第一段由样式缩进。 */
  function dress(text) {
    return text.replace(/^[ 　]+/, "").replace(/\n(?=[^\s　])/g, `\n${INDENT}`);
  }

  /** 显示的文字里第 at 个字，在原文里是第几个：缩进跳过，落在数里的算在代号之后。 */
  function offset(shown, raw, at) {
    const pieces = raw.split(/(\{\{|\}\}|\{[^{}\n]{1,100}\})/);
    let here = 0;
    let there = 0;
    for (let index = 0; index < pieces.length; index += 1) {
      const piece = pieces[index];
      if (index % 2) {
        const next = (/^(?:\n|[^\n]{1,6})/.exec(pieces[index + 1]) || [""])[0];
        const end = next ? shown.indexOf(next, here) : shown.length;
        here = end < 0 ? here : end;
        there += piece.length;
        if (here > at) {
          return there;
        }
        continue;
      }
      for (const letter of piece) {
        while (here < shown.length && shown[here] === "　" && letter !== "　") {
          here += 1;
        }
        if (here >= at && letter === shown[here]) {
          return there;
        }
        here += letter === shown[here] || letter.trim() ? letter.length : 0;
        there += letter.length;
      }
    }
    return raw.length;
  }

  app.prose = { covers, dress, offset };

  // ---- 字数 ----

  function letters(area) {
    const text = area.value.replace(TOKEN, (token) => shownAs.get(token) || token);
    return Array.from(text.replace(/\s/g, "")).length;
  }

  function count() {
    let total = 0;
    areas().forEach((area) => {
      const place = area.closest(".prose-text");
      if (!place) {
        return;
      }
      const mine = letters(area);
      let line = place.querySelector(".prose-count");
      if (!line) {
        line = app.element("p", "prose-count");
        place.append(line);
      }
      total += mine;
      place.classList.toggle("blank", !mine);
      line.textContent = mine ? `${mine} 字` : "还没有写";
    });
    document.querySelectorAll("[data-words]").forEach((node) => {
      node.textContent = total.toLocaleString("en-US");
    });
  }

  app.frame.addEventListener("input", count);
  app.on("resized", count);
  app.on("redrawn", () => setTimeout(count));

  // ---- 右栏的两页 ----

  function open(tab, andFocus) {
    tabs.forEach((each) => {
      const chosen = each === tab;
      each.setAttribute("aria-selected", String(chosen));
      each.tabIndex = chosen ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
    });
    if (andFocus) {
      tab.focus();
    }
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

  // F8 看问题时，右栏回到核对
  document.addEventListener("keydown", (event) => {
    if (event.key === "F8" && tabs.length) {
      open(tabs[0], false);
    }
  });

  // ---- 插入一个数 ----

  document.addEventListener("focusout", (event) => {
    if (event.target.matches("textarea.v") && covers(event.target)) {
      const { selectionStart: start, selectionEnd: end } = event.target;
      last = { address: event.target.dataset.address, start, end };
    }
  });

  /** 回到写字的地方，光标在离开时的位置。 */
  function back() {
    const area = last && app.cells(last.address).find(app.isControl);
    if (!area) {
      return null;
    }
    const { start, end } = last;
    if (area !== document.activeElement) {
      area.focus();
      area.setSelectionRange(start, end);
    }
    return area;
  }

  function insert(button) {
    const active = document.activeElement;
    const area = active.matches("textarea.v") && covers(active) ? active : back();
    if (!area) {
      app.toast("先点到要插入的地方，再点这个数");
      return;
    }
    if (!document.execCommand("insertText", false, button.dataset.token)) {
      area.setRangeText(button.dataset.token, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
    app.save.commit(area);
    app.toast(`已插入“${button.dataset.label}”，离开这一段后显示为 ${button.dataset.text}`);
  }

  function filter() {
    const words = search.value.trim();
    let any = false;
    list.querySelectorAll("section").forEach((group) => {
      let some = false;
      group.querySelectorAll("[data-token]").forEach((button) => {
        const match = [button.dataset.label, button.dataset.text].some((text) => text.includes(words));
        button.parentElement.hidden = !match;
        some = some || match;
      });
      group.hidden = !some;
      any = any || some;
    });
    document.getElementById("figures-none").hidden = any;
  }

  /** 组名已在上面，名称里不再重复。 */
  function shorten(group) {
    const name = group.getAttribute("aria-label");
    group.querySelectorAll("[data-token] span").forEach((span) => {
      if (span.textContent.startsWith(name) && span.textContent.length > name.length + 1) {
        span.textContent = span.textContent.slice(name.length + 1);
      }
    });
  }

  if (list && app.settings.saveUrl) {
    list.querySelectorAll("section").forEach(shorten);
    list.querySelectorAll("[data-token]").forEach((button) => shownAs.set(button.dataset.token, button.dataset.text));
    // 鼠标点一个数，光标不离开正文
    list.addEventListener("mousedown", (event) => event.target.closest("[data-token]") && event.preventDefault());
    list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-token]");
      if (button) {
        insert(button);
      }
    });
    search.addEventListener("input", filter);
    search.addEventListener("keydown", (event) => {
      const first = Array.from(list.querySelectorAll("[data-token]")).find((button) => button.offsetParent);
      if (event.key === "Enter" && !event.isComposing && first) {
        event.preventDefault();
        insert(first);
      }
    });
    document.getElementById("panel-figures").addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing && back()) {
        event.preventDefault();
      }
    });
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey && !event.altKey && event.key.toLowerCase() === "i") {
        event.preventDefault();
        if (document.querySelector(".panel-closed")) {
          document.getElementById("panel-toggle").click();
        }
        open(tabs[1], false);
        search.focus();
        search.select();
      }
    });
  }

  count();
})(window.ziping);
