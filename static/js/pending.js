/* 首页、工作台：说出本机还有哪些填了没有送到的，去哪里接着送。 */
(function () {
  "use strict";

  const place = document.querySelector("[data-pending-user]");
  if (!place) {
    return;
  }

  const START = `ziping/${place.dataset.pendingUser}/`;
  const pages = new Map(); // 网址 → 几格
  Object.keys(localStorage)
    .filter((key) => key.startsWith(START) && key.includes("#"))
    .forEach((key) => {
      const path = key.slice(START.length - 1, key.indexOf("#"));
      pages.set(path, (pages.get(path) || 0) + 1);
    });

  let total = 0;
  pages.forEach((cells, path) => {
    const link = document.createElement("a");
    total += cells;
    link.href = path;
    link.textContent = `去保存 ${cells} 格`;
    place.querySelector("[data-links]").append(" ", link);
  });
  place.querySelector("b").textContent = String(total);
  place.hidden = !total;
})();
