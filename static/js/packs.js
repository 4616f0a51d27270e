// 改方案：改一格就存，树、预览、错误清单跟着变；Alt+↑↓ 移动指标；当场试一条核对。没有脚本时按“保存”一样能用。
(function () {
  "use strict";

  var SWAPPED = ["faults", "tree", "preview"];
  var waiting = Promise.resolve();

  function swap(page, ids) {
    ids.forEach(function (id) {
      var now = document.getElementById(id), fresh = page.getElementById(id);
      if (now && fresh) { now.replaceWith(document.importNode(fresh, true)); }
    });
  }

  function messages(page) {
    var here = document.querySelector(".banners"), fresh = page.querySelector(".banners");
    if (here && fresh) { here.replaceWith(document.importNode(fresh, true)); }
  }

  // 换上新的页面时，正在打的字、光标都不动。
  function keepTyping(change) {
    var here = document.activeElement, id = here && here.id, typed = here && "value" in here ? here.value : null;
    var dirty = typed !== null && typed !== here.defaultValue;
    change();
    var again = id ? document.getElementById(id) : null;
    if (!again || again === here) { return; }
    again.focus();
    if (dirty) { again.value = typed; }
  }

  function post(form) {
    return fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" }).then(function (answer) {
      return answer.text().then(function (text) {
        return { ok: answer.ok, page: new DOMParser().parseFromString(text, "text/html") };
      });
    });
  }

  // 一次存一个，前一个存好了才发下一个：旧值总是最新的。
  function send(form) {
    waiting = waiting.then(function () { return post(form); }).then(function (got) {
      var mine = document.getElementById("row-form"), fresh = got.page.getElementById("row-form");
      messages(got.page);
      keepTyping(function () { swap(got.page, got.ok ? SWAPPED : SWAPPED.concat("indicator")); });
      if (mine && fresh && got.ok) { mine.elements.namedItem("was").value = fresh.elements.namedItem("was").value; }
    }).catch(function () { form.submit(); });
  }

  document.addEventListener("change", function (event) {
    var form = event.target.form;
    if (form && form.hasAttribute("data-live") && form.checkValidity()) { send(form); }
  });

  var pressed = null;
  document.addEventListener("click", function (event) {
    pressed = event.target.closest ? event.target.closest("button") : null;
  }, true);

  document.addEventListener("submit", function (event) {
    var form = event.target, act = pressed && pressed.form === form ? pressed.value : "";
    pressed = null;
    if (!form.hasAttribute("data-live")) { return; }
    event.preventDefault();
    if (!act) { send(form); return; }
    waiting.then(function () {
      var chosen = document.createElement("input");
      chosen.type = "hidden";
      chosen.name = "act";
      chosen.value = act;
      form.appendChild(chosen);
      form.submit();
    });
  });

  document.addEventListener("keydown", function (event) {
    var row = event.target.closest ? event.target.closest("[data-row]") : null;
    if (!row || !event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) { return; }
    event.preventDefault();
    var form = document.getElementById("row-form");
    if (row.getAttribute("aria-current") !== "true" || !form) { row.click(); return; }
    var button = form.querySelector('[value="' + (event.key === "ArrowUp" ? "up" : "down") + '"]');
    if (button) { button.click(); }
  });

  var current = document.querySelector(".tree [aria-current=true]");
  if (current && location.search.indexOf("row=") > 0) { current.focus(); }

  var check = document.getElementById("check-form"), tried = document.getElementById("tried");

  var attempts = 0;

  function attempt() {
    var body = new FormData(), mine = attempts += 1;
    Array.prototype.forEach.call(check.elements, function (one) {
      if (one.name && (one.type !== "checkbox" || one.checked)) { body.append(one.name, one.value); }
    });
    fetch(check.getAttribute("data-try"), { method: "POST", body: body, credentials: "same-origin" }).then(function (answer) {
      return answer.ok ? answer.text() : Promise.reject(answer.status);
    }).then(function (text) {
      var page = new DOMParser().parseFromString(text, "text/html");
      if (mine !== attempts) { return; }
      keepTyping(function () {
        tried.textContent = "";
        while (page.body.firstChild) { tried.appendChild(page.body.firstChild); }
      });
    }).catch(function () { tried.textContent = "没有试成，请检查网络后再试。"; });
  }

  if (check && document.getElementById("try")) {
    document.getElementById("try").addEventListener("click", attempt);
    check.addEventListener("change", function (event) {
      if (event.target.name !== "act") { attempt(); }
    });
    attempt();
  }
})();
