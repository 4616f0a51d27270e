/* 几个人一起填：谁在、在哪一格；别人改了的格当场更新。 */
(function (app) {
  "use strict";

  if (!app.save) {
    return;
  }

  const EVERY = 20000;
  const place = document.getElementById("people");
  let timer;
  let stopped = false;
  let shown = "";
  let composing = false;

  function who(person) {
    const here = person.form === app.settings.form && person.project === (app.settings.project || "");
    const words = `${person.name} 在填${here ? "这张表" : person.where}`;
    const node = app.element("span", "person", person.name);
    node.title = words;
    node.append(app.element("span", "visually-hidden", here ? "，在填这张表" : `，在填${person.where}`));
    return node;
  }

  /** 谁在：名字写在页首条，他所在的格画一道边。 */
  function people(list) {
    const text = JSON.stringify(list);
    if (text === shown) {
      return;
    }
    shown = text;
    place.textContent = "";
    place.append(...list.map(who));
    app.frame.querySelectorAll(".other-here").forEach((cell) => {
      cell.classList.remove("other-here");
      cell.removeAttribute("title");
    });
    list.forEach((person) => {
      app.cells(person.address).forEach((node) => {
        const cell = app.frame.contains(node) && app.box(node);
        if (cell) {
          cell.classList.add("other-here");
          cell.title = `${person.name}在这一格`;
        }
      });
    });
  }

  /** 别人刚改的：格里闪一下，下面说一句。 */
  function news(list) {
    const here = list.filter((item) => app.cells(item.address).length);
    here.forEach((item) => {
      app.cells(item.address).forEach((node) => {
        const cell = app.frame.contains(node) && app.box(node);
        if (cell) {
          cell.classList.remove("flash");
          void cell.offsetWidth;
          cell.classList.add("flash");
        }
      });
    });
    const names = Array.from(new Set(here.map((item) => item.who))).join("、");
    if (here.length) {
      app.toast(`${names}刚改了${here.length === 1 ? `“${here[0].label}”` : ` ${here.length} 处`}，已更新到您这里`);
    }
  }

  async function ask() {
    clearTimeout(timer);
    if (stopped || document.hidden) {
      return;
    }
    if (composing) {
      // 输入法正在选字：等选完再换，免得打到一半被打断
      timer = setTimeout(ask, 1000);
      return;
    }
    const active = document.activeElement;
    const address = app.isControl(active) && app.frame.contains(active) ? active.dataset.address : "";
    try {
      await app.save.idle();
      const asked = Number(app.settings.revision);
      const answer = await app.post(app.settings.liveUrl, { address, revision: asked });
      people(answer.people);
      // 问的时候自己又存了一次：那次的答复更新，这一份不要
      if (answer.cells && asked === Number(app.settings.revision) && !composing) {
        if (answer.html) {
          app.grid.redraw(answer.html);
        }
        app.save.apply(answer);
        news(answer.news);
      }
    } catch (error) {
      if (error instanceof app.Refused) {
        stopped = true;
        app.save.refused(error);
        return;
      }
    }
    timer = setTimeout(ask, EVERY);
  }

  document.addEventListener("compositionstart", () => {
    composing = true;
  });
  document.addEventListener("compositionend", () => {
    composing = false;
  });
  document.addEventListener("visibilitychange", ask);
  app.on("redrawn", () => {
    const list = JSON.parse(shown || "[]");
    shown = "";
    people(list);
  });
  people(JSON.parse(document.getElementById("people-data").textContent));
  timer = setTimeout(ask, 3000);
  app.together = { ask };
})(window.ziping);
