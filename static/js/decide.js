/* 送审、通过、退回等：先问一次；要写字的写了才能按；双击只送一份。 */
(function () {
  "use strict";

  document.querySelectorAll("[data-open-dialog]").forEach((button) => {
    button.addEventListener("click", () => {
      const dialog = document.getElementById(button.dataset.openDialog);
      dialog.showModal();
      (dialog.querySelector("textarea, [required]") || dialog.querySelector("[data-safe]")).focus();
    });
  });

  document.querySelectorAll("[data-close-dialog]").forEach((button) => {
    button.addEventListener("click", () => button.closest("dialog").close());
  });

  document.querySelectorAll("form[data-once]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
      }
      form.dataset.sent = "yes";
    });
  });

  document.querySelectorAll("form.decision").forEach((form) => {
    const send = form.querySelector('[type="submit"]');

    function ready() {
      const needed = Array.from(form.querySelectorAll("[required]"));
      send.disabled = !needed.every((field) => (field.type === "checkbox" ? field.checked : field.value.trim()));
    }

    form.addEventListener("input", ready);
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      setTimeout(() => {
        send.disabled = true;
      });
    });
    ready();
  });

  // 退回用语：放进理由光标所在处，原来写的不动
  document.querySelectorAll("[data-phrase]").forEach((button) => {
    button.addEventListener("click", () => {
      const area = button.closest("form").querySelector("textarea");
      const start = area.selectionStart;
      const before = area.value.slice(0, start);
      const added = (before && !before.endsWith("\n") ? "\n" : "") + button.textContent;
      area.value = before + added + area.value.slice(area.selectionEnd);
      area.focus();
      area.setSelectionRange(start + added.length, start + added.length);
      area.dispatchEvent(new Event("input", { bubbles: true }));
    });
  });

  // 从下一页退回来时，按钮重新可用
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      window.location.reload();
    }
  });
})();
