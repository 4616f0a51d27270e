/* 保存：一格一格地存。没有送到的值留在本机，连上后再送；别人也改了的，问过再定。 */
(function (app) {
  "use strict";

  if (!app.frame || !app.settings.saveUrl) {
    return;
  }

  const IDLE = 2000;
  const PREFIX = app.keptUnder(app.settings.user, location.pathname);
  const pending = new Map(); // 地址 → {was, value}，等着送
  const stuck = new Map(); // 地址 → {was, value, message}，服务器不收，等人改
  const conflicts = new Map(); // 地址 → 服务器给的两个值
  const settled = new WeakMap(); // 控件 → 已经存好的那段打字（服务器可能整理过）
  const atFocus = new WeakMap(); // 控件 → 得到焦点时的值，Esc 回到它
  const dressed = new WeakSet(); // 报告里正显示填好的数的控件：看的是它，存的不是它
  const line = document.getElementById("save-state");
  let sending = null;
  let tries = 0;
  let failures = 0; // 连着几次因服务器出错没有送成
  let alone = false; // 一格一格地送
  let idleTimer;
  let retryTimer;
  let stopped = false;
  let pointed = null; // 正用鼠标按下的控件

  // ---- 一格现在的值 ----

  function held(address) {
    return pending.get(address) || stuck.get(address);
  }

  /** 人看到、改过以后的原始文字。 */
  function raw(control) {
    const mine = held(control.dataset.address);
    return mine ? mine.value : control.dataset.was || "";
  }

  function show(control) {
    if (control === document.activeElement) {
      return;
    }
    const mine = held(control.dataset.address);
    const shown = control.tagName === "SELECT" ? control.dataset.was : control.dataset.shown;
    const text = mine ? mine.value : shown || "";
    const prose = app.prose && app.prose.covers(control);
    const value = prose ? app.prose.dress(text) : text;
    if (prose) {
      dressed.add(control);
    }
    if (control.value !== value) {
      control.value = value;
      app.emit("resized", control);
    }
  }

  /** 报告的一段得到焦点：换回原文，光标留在点的那个字上。 */
  function undress(control) {
    if (!dressed.has(control) || control !== document.activeElement) {
      return;
    }
    const { value: shown, selectionStart, selectionEnd } = control;
    const text = raw(control);
    dressed.delete(control);
    control.value = text;
    control.setSelectionRange(app.prose.offset(shown, text, selectionStart), app.prose.offset(shown, text, selectionEnd));
    app.emit("resized", control);
  }

  function mark(address, name, present) {
    app.cells(address).forEach((node) => {
      const place = app.box(node);
      if (place) {
        place.classList.toggle(name, present);
      }
    });
  }

  function refreshMarks(address) {
    mark(address, "saved", false);
    mark(address, "unsaved", pending.has(address));
    mark(address, "refused", stuck.has(address));
    mark(address, "conflict", conflicts.has(address));
  }

  // ---- 本机存一份 ----

  function remember(address) {
    const mine = held(address);
    try {
      if (mine) {
        localStorage.setItem(PREFIX + address, JSON.stringify({ was: mine.was, value: mine.value }));
      } else {
        localStorage.removeItem(PREFIX + address);
      }
    } catch (error) {
      app.banner("storage", "warn", "本机存不下未保存的内容。请保持网络连接，等右上角显示“已保存”再关闭。");
    }
  }

  function kept(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch (error) {
      return null;
    }
  }

  /** 上次没有送到的：还在表上的接着送；所在的行已经没有了的，把字还给人。 */
  function recall() {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    const changes = [];
    const homeless = [];
    keys.forEach((key) => {
      const address = key.slice(PREFIX.length);
      const control = app.cells(address).find(app.isControl);
      const mine = kept(key);
      if (!mine || (control && mine.value === (control.dataset.was || ""))) {
        localStorage.removeItem(key);
      } else if (control) {
        pending.set(address, { was: mine.was, value: mine.value });
        changes.push(address);
      } else if (mine.value) {
        homeless.push({ key, value: mine.value });
      } else {
        localStorage.removeItem(key);
      }
    });
    giveBack(homeless);
    changes.forEach((address) => {
      refreshMarks(address);
      app.cells(address).filter(app.isControl).forEach(show);
    });
    if (changes.length) {
      app.toast(`找回了上次没有送到的 ${changes.length} 格，正在保存`);
      send();
    }
  }

  /** 没处可送的字：留着，人看过了才丢。 */
  function giveBack(homeless) {
    if (!homeless.length) {
      return;
    }
    const words = homeless.map(({ value }) => `“${value}”`).join("、");
    app.banner("homeless", "warn", `上次有 ${homeless.length} 格没有存上，所在的行已被删除。您填的是：${words}`);
    const place = document.querySelector('[data-banner="homeless"]');
    place.append(
      app.button("知道了", "btn btn-sm btn-outline-secondary", () => {
        homeless.forEach(({ key }) => localStorage.removeItem(key));
        place.remove();
      })
    );
  }

  // ---- 改动 ----

  /** 记下改动并送出；changes 是 [{address, value}]。 */
  function change(changes) {
    changes.forEach(({ address, value }) => {
      const control = app.cells(address).find(app.isControl);
      const mine = held(address);
      const was = mine ? mine.was : (control && control.dataset.was) || "";
      stuck.delete(address);
      conflicts.delete(address);
      if (value === was && !sending) {
        pending.delete(address);
      } else {
        pending.set(address, { was, value });
      }
      remember(address);
      refreshMarks(address);
    });
    app.emit("problems", stuck);
    return send();
  }

  /** 控件里的字与已知的值不同，就是一次改动。 */
  function commit(control) {
    clearTimeout(idleTimer);
    const value = control.value;
    if (dressed.has(control) || value === raw(control) || value === settled.get(control)) {
      return;
    }
    settled.delete(control);
    change([{ address: control.dataset.address, value }]);
  }

  function revert(control) {
    control.value = atFocus.get(control);
    app.emit("resized", control);
    commit(control);
  }

  // ---- 送 ----

  function send() {
    clearTimeout(retryTimer);
    if (!sending) {
      sending = sendAll().then(() => {
        sending = null;
        say();
      });
    }
    return sending;
  }

  async function sendAll() {
    while (pending.size && !stopped) {
      const sent = new Map(alone ? [pending.entries().next().value] : pending);
      const changes = Array.from(sent, ([address, { was, value }]) => ({ address, was, value }));
      say("busy");
      try {
        const answer = await app.post(app.settings.saveUrl, { changes, revision: Number(app.settings.revision) });
        tries = 0;
        failures = 0;
        app.banner("offline", "", "");
        accept(answer, sent);
      } catch (error) {
        if (setAside(error, sent)) {
          continue;
        }
        failed(error);
        return;
      }
    }
    alone = false;
  }

  /** 服务器一再因内容出错：改成一格一格地送，把送不了的那格挑出来，别的照存。 */
  function setAside(error, sent) {
    failures = error.status >= 500 && error.status !== 503 ? failures + 1 : 0;
    if (failures < (alone ? 1 : 3)) {
      return false;
    }
    failures = 0;
    tries = 0;
    if (alone || sent.size === 1) {
      const [address, { was, value }] = sent.entries().next().value;
      stuck.set(address, { was, value, message: `系统存不了这一格，别的都存了。请改写这一格，还不行就告诉绩效科${error.number ? `（编号 ${error.number}）` : ""}。` });
      pending.delete(address);
      remember(address);
      refreshMarks(address);
      app.emit("problems", stuck);
      alone = false;
    } else {
      alone = true;
    }
    return true;
  }

  function failed(error) {
    if (error instanceof app.Refused) {
      stopped = true;
      refused(error);
      return;
    }
    const offline = !navigator.onLine || error instanceof TypeError;
    const words = offline ? "网络断开。" : error.name === "AbortError" ? "服务器没有回应。" : error.message;
    app.banner("offline", "warn", `${words}您填的 ${pending.size} 格已存在本机，连上后自动保存。`);
    retryTimer = setTimeout(send, Math.min(1000 * 2 ** tries, 30000));
    tries += 1;
  }

  /** 服务器不再收：说明为什么，回来时还在这一格。 */
  function refused(error) {
    const active = document.activeElement;
    const here = app.isControl(active) ? `#${encodeURIComponent(active.dataset.address)}` : "";
    const back = location.pathname + here;
    if (error.login) {
      const safe = pending.size ? `您填的 ${pending.size} 格已存在本机，重新登录后自动保存。` : "请重新登录后接着填。";
      app.banner("refused", "warn", `登录已过期。${safe}`, {
        text: "重新登录",
        url: `${app.settings.loginUrl}?next=${encodeURIComponent(back)}`,
      });
    } else {
      const safe = pending.size ? `没有保存的 ${pending.size} 格还在本机。` : "";
      app.banner("refused", "err", `${error.message}${safe}`, { text: "刷新页面", url: back });
    }
  }

  /** 服务器的答复：先结清这次送的，再把别的格更新过来。 */
  function accept(answer, sent) {
    const problems = new Map(answer.problems.map((item) => [item.address, item.message]));
    const twoValues = new Map(answer.conflicts.map((item) => [item.address, item]));
    sent.forEach(({ was, value }, address) => {
      const now = pending.get(address);
      const same = now && now.value === value;
      if (twoValues.has(address)) {
        stuck.set(address, { was, value: now.value, message: "别人也改了这一格，请选保留哪一个。" });
        conflicts.set(address, twoValues.get(address));
        pending.delete(address);
      } else if (problems.has(address)) {
        if (same) {
          stuck.set(address, { was, value, message: problems.get(address) });
          pending.delete(address);
        }
      } else if (same) {
        pending.delete(address);
        settle(address, value);
      } else if (now && answer.cells[address]) {
        now.was = answer.cells[address].raw;
      }
      remember(address);
    });
    if (answer.html) {
      app.grid.redraw(answer.html);
    }
    apply(answer, sent);
    sent.forEach((_, address) => {
      refreshMarks(address);
      if (!held(address)) {
        tick(address);
      }
    });
    app.emit("problems", stuck);
    if (conflicts.size) {
      ask();
    }
  }

  function settle(address, value) {
    app.cells(address).filter(app.isControl).forEach((control) => {
      if (control.value === value) {
        settled.set(control, value);
      }
    });
  }

  function tick(address) {
    mark(address, "saved", true);
    setTimeout(() => mark(address, "saved", false), 2000);
  }

  function showText(node, text) {
    if (node.textContent !== text) {
      node.textContent = text;
      const why = node.parentElement.querySelector(".why");
      if (why) {
        why.setAttribute("aria-label", text ? `为什么是 ${text}` : "怎么算出来的");
      }
    }
  }

  /** 把答复里的各格写到屏幕上；正在打字的控件不动。 */
  function apply(answer, sent) {
    Object.keys(answer.cells).forEach((address) => {
      const cell = answer.cells[address];
      app.cells(address).forEach((node) => {
        if (!app.isControl(node)) {
          showText(node, cell.text);
          return;
        }
        if (held(address)) {
          return;
        }
        const active = node === document.activeElement;
        const clean = active && !dirty(node);
        if (active && !clean && !(sent && sent.has(address))) {
          return;
        }
        node.dataset.was = cell.raw;
        node.dataset.shown = cell.text;
        if (clean && node.value !== cell.raw) {
          node.value = cell.raw;
          app.emit("resized", node);
        }
        show(node);
      });
    });
    app.settings.revision = answer.revision;
    if (answer.moved) {
      app.banner("moved", "warn", answer.moved, { text: "刷新页面", url: location.pathname });
    }
    if (answer.saved_at) {
      line.dataset.savedAt = answer.saved_at;
    }
    app.emit("answer", answer);
  }

  // ---- 两个值 ----

  /** 服务器给的时间可能是完整的，只说几点几分。 */
  function clock(when) {
    const time = new Date(when);
    return Number.isNaN(time.getTime()) ? when : time.toTimeString().slice(0, 5);
  }

  function ask() {
    const dialog = document.getElementById("conflict-dialog");
    const [address, item] = conflicts.entries().next().value;
    if (dialog.open) {
      return;
    }
    const mine = stuck.get(address).value;
    const fill = (name, text) => {
      dialog.querySelector(`[data-${name}]`).textContent = text;
    };
    fill("sentence", `${item.who} ${clock(item.when)} 也改了“${item.label}”。请选保留哪一个：`);
    fill("mine", mine || "（空白）");
    fill("theirs", item.theirs_shown || "（空白）");
    fill("who", `${item.who}填的`);
    fill("when", clock(item.when));
    const short = (text) => (text.length > 10 ? `${text.slice(0, 10)}…` : text || "空白");
    fill("keep-mine", `保留 ${short(mine)}（我填的）`);
    fill("keep-theirs", `保留 ${short(item.theirs_shown)}`);
    dialog.dataset.address = address;
    dialog.returnValue = "";
    dialog.showModal();
  }

  function answered(dialog) {
    const address = dialog.dataset.address;
    const item = conflicts.get(address);
    const choice = dialog.returnValue;
    if (!item || !choice) {
      say();
      return;
    }
    const mine = stuck.get(address);
    stuck.delete(address);
    conflicts.delete(address);
    const controls = app.cells(address).filter(app.isControl);
    controls.forEach((control) => {
      control.dataset.was = item.theirs || "";
      control.dataset.shown = item.theirs_shown || "";
      control.value = choice === "mine" ? mine.value : control.dataset.was;
    });
    remember(address);
    if (choice === "mine") {
      change([{ address, value: mine.value }]);
    } else {
      controls.forEach(show);
      refreshMarks(address);
      app.emit("problems", stuck);
      say();
    }
    if (conflicts.size) {
      ask();
    }
  }

  // ---- 保存状态 ----

  const STATES = {
    busy: ["clock", "", () => "正在保存"],
    retry: ["cloud", "tone-warn", () => "未保存，正在重试"],
    stop: ["error", "tone-err", () => "未保存"],
    stuck: ["error", "tone-err", () => `有 ${stuck.size} 格没有保存`],
    saved: ["done", "tone-ok", () => `已保存 ${line.dataset.savedAt}`],
  };

  function say(forced) {
    const name =
      forced || (pending.size ? (stopped ? "stop" : "retry") : stuck.size ? "stuck" : line.dataset.savedAt && "saved");
    if (!name) {
      return;
    }
    const [picture, tone, words] = STATES[name];
    const text = words();
    if (line.textContent !== text) {
      line.className = `save-state ${tone}`;
      line.textContent = "";
      line.append(app.icon(picture), text);
    }
    const again = document.getElementById("ask-again");
    again.hidden = !conflicts.size;
  }

  // ---- 事件 ----

  document.addEventListener("mousedown", (event) => {
    pointed = event.target;
    setTimeout(() => {
      pointed = null;
    });
  });
  document.addEventListener("focusin", (event) => {
    const control = event.target;
    if (!app.isControl(control)) {
      return;
    }
    const value = raw(control);
    atFocus.set(control, value);
    if (dressed.has(control)) {
      // 用鼠标点进来的，等光标落下再换
      if (pointed === control) {
        setTimeout(undress, 0, control);
      } else {
        undress(control);
      }
      return;
    }
    if (control.value !== value && value !== settled.get(control)) {
      control.value = value;
    }
  });
  document.addEventListener("focusout", (event) => {
    if (app.isControl(event.target)) {
      commit(event.target);
      setTimeout(show, 0, event.target);
    }
  });
  document.addEventListener("input", (event) => {
    const control = event.target;
    if (!app.isControl(control) || event.isComposing) {
      return;
    }
    clearTimeout(idleTimer);
    idleTimer = setTimeout(commit, IDLE, control);
  });
  document.addEventListener("change", (event) => {
    if (app.isControl(event.target)) {
      commit(event.target);
    }
  });
  document.addEventListener("compositionstart", () => clearTimeout(idleTimer));
  document.addEventListener("compositionend", (event) => {
    if (app.isControl(event.target)) {
      clearTimeout(idleTimer);
      idleTimer = setTimeout(commit, IDLE, event.target);
    }
  });
  window.addEventListener("online", send);
  window.addEventListener("beforeunload", (event) => {
    if (app.isControl(document.activeElement)) {
      commit(document.activeElement);
    }
    if (pending.size && tries && !stopped) {
      event.preventDefault();
      event.returnValue = "";
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && app.isControl(document.activeElement)) {
      commit(document.activeElement);
    }
  });
  document.getElementById("conflict-dialog").addEventListener("close", (event) => answered(event.target));
  document.getElementById("ask-again").addEventListener("click", ask);
  const proseAreas = () => Array.from(app.frame.querySelectorAll(".prose textarea.v"));

  app.on("redrawn", () => {
    proseAreas().forEach(show);
    new Set([...pending.keys(), ...stuck.keys()]).forEach((address) => {
      app.cells(address).filter(app.isControl).forEach(show);
      refreshMarks(address);
    });
  });

  /** 这一格正打着还没有存的字：撤销键先撤它。 */
  function dirty(control) {
    return !dressed.has(control) && control.value !== raw(control) && control.value !== settled.get(control);
  }

  /** 动行、撤销以前：先把打的字存好。 */
  async function settleAll() {
    if (app.isControl(document.activeElement)) {
      commit(document.activeElement);
    }
    await (sending || Promise.resolve());
  }

  app.save = { change, commit, revert, apply, dirty, refused, settleAll, idle: () => sending || Promise.resolve(), problems: stuck };
  proseAreas().forEach(show);
  recall();
})(window.ziping);
