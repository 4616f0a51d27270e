/* 工作台上的项目：删除先问一次；一次只送一份；移动、复制以后焦点还在原处。 */
(function () {
  "use strict";

  const KEPT = `ziping/focus${window.location.pathname}`;
  const dialog = document.getElementById("remove-project");

  if (dialog) {
    document.querySelectorAll("[data-remove]").forEach((button) => {
      button.addEventListener("click", () => {
        dialog.querySelector("[name=project]").value = button.dataset.remove;
        dialog.querySelector("[data-name]").textContent = button.dataset.name;
        dialog.showModal();
        dialog.querySelector("[data-safe]").focus();
      });
    });
  }

  // ---- 页面重新打开后，焦点回到刚才的按钮；到头了没有那个按钮，就回到项目名 ----

  document.querySelectorAll(".row-acts").forEach((form) => {
    form.addEventListener("click", (event) => {
      const button = event.target.closest("button[name=act]");
      if (button) {
        sessionStorage.setItem(KEPT, JSON.stringify([form.elements.project.value, button.value]));
      }
    });
  });

  function refocus() {
    const kept = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
    if (!kept) {
      return;
    }
    const [project, act] = JSON.parse(kept);
    const form = Array.from(document.querySelectorAll(".row-acts")).find((each) => each.elements.project.value === project);
    if (form) {
      const target = form.querySelector(`button[value="${act}"]`) || form.closest("th").querySelector("a");
      target.focus({ preventScroll: true });
      target.scrollIntoView({ block: "center" });
    }
  }

  // 等浏览器自己转到 #projects 以后
  window.addEventListener("load", () => setTimeout(refocus));
})();
