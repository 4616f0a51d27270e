/* 报告里的数：每次展开时照存着的文字重新取。 */
(function (app) {
  "use strict";

  const box = document.querySelector("[data-told-url]");
  if (!box) {
    return;
  }
  const list = box.querySelector("[data-told-list]");

  box.addEventListener("toggle", async () => {
    if (!box.open) {
      return;
    }
    try {
      list.innerHTML = await app.request(box.dataset.toldUrl);
    } catch (error) {
      list.textContent = error instanceof app.Refused ? error.message : "网络断开，没有取到。请合上再展开。";
    }
  });
})(window.ziping);
