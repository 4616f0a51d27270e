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

  function send(form) {
    var body = new FormData(form), focused = document.activeElement && document.activeElement.id;
    waiting = waiting.then(function () {
      return fetch(form.action, { method: "POST", body: body, credentials: "same-origin" });
    }).then(function (answer) {
      return answer.text().then(function (text) { return { ok: answer.ok, page: new DOMParser().parseFromString(text, "text/html") }; });
    }).then(function (got) {
      var mine = document.getElementById("row-form"), fresh = got.page.getElementById("row-form");
      messages(got.page);
      swap(got.page, SWAPPED);
      if (mine && fresh) {
        mine.elements.namedItem("was").value = fresh.elements.namedItem("was").value;
        if (!got.ok) { swap(got.page, ["indicator"]); }
      }
      var again = focused && document.getElementById(focused);
      if (again && document.activeElement !== again) { again.focus(); }
    }).catch(function () { form.submit(); });
  }

  document.addEventListener("change", function (event) {
    var form = event.target.form;
    if (form && form.hasAttribute("data-live") && form.checkValidity()) { send(form); }
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

  function attempt() {
    var focused = document.activeElement && document.activeElement.id;
    var body = new FormData();
    Array.prototype.forEach.call(check.elements, function (one) {
      if (one.name && (one.type !== "checkbox" || one.checked)) { body.append(one.name, one.value); }
    });
    fetch(check.getAttribute("data-try"), { method: "POST", body: body, credentials: "same-origin" }).then(function (answer) {
      return answer.ok ? answer.text() : Promise.reject(answer.status);
    }).then(function (text) {
      var page = new DOMParser().parseFromString(text, "text/html");
      tried.textContent = "";
      while (page.body.firstChild) { tried.appendChild(page.body.firstChild); }
      var again = focused && focused.indexOf("try-") === 0 && document.getElementById(focused);
      if (again) { again.focus(); }
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
