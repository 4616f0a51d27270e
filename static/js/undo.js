/* 撤销、重做自己刚才的改动：按钮，或 Ctrl+Z、Ctrl+Y。别人后来改过的格不动。 */
(function (app) {
  "use strict";

  if (!app.save) {
    return;
  }

  const buttons = { undo: document.getElementById("undo"), redo: document.getElementById("redo") };
  const next = { undo: app.settings.undo || "", redo: app.settings.redo || "" };
  const WORDS = { undo: "撤销", redo: "重做" };
  let busy = false;

  function show() {
    Object.keys(buttons).forEach((which) => {
      buttons[which].disabled = !next[which];
    });
  }

  function told(which, answer) {
    const some = answer.done.slice(0, 2).map((label) => `“${label}”`).join("、");
    const more = answer.done.length > 2 ? `等 ${answer.done.length} 处` : "";
    const left = answer.left.length ? `；${answer.left.length} 处没有动：${answer.left[0]}` : "";
    return `已${WORDS[which]} ${some}${more}${left}`;
  }

  function done(which, answer) {
    next.undo = answer.undo || "";
    next.redo = answer.redo || "";
    app.grid.redraw(answer.html);
    app.save.apply(answer);
    show();
    if (!answer.done.length) {
      app.toast(`您刚才又有改动，请再按一次${WORDS[which]}`);
      return;
    }
    if (answer.url) {
      app.toast(told(which, answer), "转到那一格", () => location.assign(`${answer.url}#${encodeURIComponent(answer.focus)}`));
    } else {
      app.toast(told(which, answer));
      app.jumpToCell(answer.focus);
    }
  }

  async function go(which) {
    if (busy) {
      return;
    }
    busy = true;
    try {
      await app.save.settleAll();
      if (next[which]) {
        done(which, await app.post(app.settings.undoUrl, { which, of: Number(next[which]) }));
        app.banner("undo", "", "");
      } else {
        app.toast(`没有可以${WORDS[which]}的改动了`);
      }
    } catch (error) {
      const words = error instanceof app.Refused ? error.message : `网络断开，没有${WORDS[which]}。请稍后再试。`;
      app.banner("undo", "warn", words);
    } finally {
      busy = false;
    }
  }

  app.on("answer", (answer) => {
    if (answer.acted) {
      next.undo = answer.acted;
      next.redo = "";
      show();
    }
  });
  Object.keys(buttons).forEach((which) => buttons[which].addEventListener("click", () => go(which)));
  document.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    const which = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : "";
    if (!which || !event.ctrlKey || event.altKey || event.isComposing) {
      return;
    }
    const control = event.target;
    const ours = app.isControl(control);
    if (ours ? app.save.dirty(control) : control.matches("input, textarea")) {
      return; // 正打着的字由浏览器撤销
    }
    event.preventDefault();
    go(which);
  });
  show();
})(window.ziping);
