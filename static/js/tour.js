/* 第一次用的提示：一次一条，排在页首，不盖住表格；看过的记在本机，不再出现。 */
(function () {
  "use strict";

  const place = document.querySelector("[data-tour]");
  if (!place) {
    return;
  }

  const START = `ziping-tour/${place.dataset.user}/`;
  const ALL = `${START}all`;
  const PAGE = START + place.dataset.tour;
  const hints = Array.from(place.querySelectorAll("[data-hint]"));
  let at = 0;

  function mark(on) {
    const target = document.querySelector(hints[at].dataset.hint);
    if (target) {
      target.classList.toggle("tour-target", on);
    }
  }

  function end(key) {
    localStorage.setItem(key, "1");
    mark(false);
    leave();
  }

  function leave() {
    const banners = place.parentElement;
    place.remove();
    banners.hidden = !banners.children.length;
  }

  function show() {
    hints.forEach((hint, n) => {
      hint.hidden = n !== at;
    });
    place.querySelector("[data-next]").textContent = at + 1 < hints.length ? "下一条" : "明白了";
    mark(true);
  }

  place.querySelector("[data-next]").addEventListener("click", () => {
    if (at + 1 === hints.length) {
      end(PAGE);
      return;
    }
    mark(false);
    at += 1;
    show();
  });
  place.querySelector("[data-never]").addEventListener("click", () => end(ALL));

  if (localStorage.getItem(ALL) || localStorage.getItem(PAGE)) {
    leave();
    return;
  }
  place.hidden = false;
  show();
})();
