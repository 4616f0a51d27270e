/* 公用：表格框、取格子、发请求、短提示、脚本之间的消息。 */
(function () {
  "use strict";

  const frame = document.querySelector(".grid-frame");
  const settings = frame ? frame.dataset : {};

  /** 服务器没有接受：状态码、说明这件事的一句话、会话是否已失效。 */
  class Refused extends Error {
    constructor(status, message, login) {
      super(message);
      this.status = status;
      this.login = login;
    }
  }

  function token() {
    const meta = document.querySelector('meta[name="csrf-token"]');
    return meta ? meta.content : "";
  }

  /** 发一次请求；断网、超时、服务器出错抛普通 Error（可以重试），被拒绝抛 Refused。 */
  async function request(url, options) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), 20000);
    let response;
    try {
      response = await fetch(url, {
        credentials: "same-origin",
        headers: { "X-CSRFToken": token(), "X-Requested-With": "XMLHttpRequest" },
        signal: abort.signal,
        ...options,
      });
    } finally {
      clearTimeout(timer);
    }
    const json = (response.headers.get("Content-Type") || "").includes("json");
    const body = json ? await response.json() : await response.text();
    if (response.status >= 500) {
      const problem = new Error(json && body.error ? body.error : "系统出错，没有保存这次修改。");
      problem.status = response.status;
      problem.number = json && body.number ? body.number : "";
      throw problem;
    }
    if (response.redirected) {
      throw new Refused(403, "登录已过期。", true);
    }
    if (!response.ok) {
      const message = json && body.error ? body.error : "页面放得太久，已经失效。您填的内容已存在本机，刷新页面后自动保存。";
      throw new Refused(response.status, message, Boolean(json && body.login));
    }
    return body;
  }

  function post(url, data) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token() };
    return request(url, { method: "POST", headers, body: JSON.stringify(data) });
  }

  /** 同一地址的所有控件和文字（表里可能照抄到几处，抽屉里也有）。 */
  function cells(address) {
    return Array.from(document.querySelectorAll(`.v[data-address="${CSS.escape(address)}"]`));
  }

  function isControl(node) {
    return node instanceof Element && node.matches("textarea.v, input.v, select.v");
  }

  /** 装着这个值的格子：表格的 td、报告的一段，或抽屉里的一项。 */
  function box(node) {
    return node.closest("td, .prose-text, .prose-title, .drawer-field");
  }

  /** 新元素：element("b", "tone-err", "文字", 另一个元素 …)。 */
  function element(tag, className, ...children) {
    const node = document.createElement(tag);
    if (className) {
      node.className = className;
    }
    node.append(...children);
    return node;
  }

  function icon(name, className) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", className ? `icon ${className}` : "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `#i-${name}`);
    svg.append(use);
    return svg;
  }

  function button(text, className, action) {
    const node = element("button", className, text);
    node.type = "button";
    node.addEventListener("click", action);
    return node;
  }

  let toastTimer;

  /** 做完了、可以撤销的事：屏幕下方一行字，8 秒。 */
  function toast(text, undoWord, undo) {
    const old = document.querySelector(".toast-line");
    if (old) {
      old.remove();
    }
    const line = element("div", "toast-line", element("span", "", text));
    line.setAttribute("role", "status");
    if (undo) {
      line.append(
        button(undoWord, "", () => {
          line.remove();
          undo();
        })
      );
    }
    document.body.append(line);
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => line.remove(), 8000);
  }

  /** 页首条下面的提示条；同一个 name 只有一条，text 为空时去掉。 */
  function banner(name, tone, text, link) {
    const place = document.querySelector(".banners");
    const old = place.querySelector(`[data-banner="${name}"]`);
    if (old && text && old.dataset.text === text) {
      return;
    }
    if (old) {
      old.remove();
    }
    if (!text) {
      return;
    }
    const words = element("p", "", text);
    if (link) {
      const a = element("a", "", link.text);
      a.href = link.url;
      words.append(" ", a);
    }
    const node = element("div", `banner ${tone}`, icon(tone === "err" ? "error" : "cloud"), words);
    node.dataset.banner = name;
    node.dataset.text = text;
    node.setAttribute("role", "alert");
    place.append(node);
  }

  function emit(name, detail) {
    document.dispatchEvent(new CustomEvent(`ziping:${name}`, { detail }));
  }

  function on(name, listener) {
    document.addEventListener(`ziping:${name}`, (event) => listener(event.detail));
  }

  /** 没有送到的值在本机放在哪里：一个人、一张表一处。 */
  function keptUnder(user, path) {
    return `ziping/${user}${path}#`;
  }

  window.ziping = {
    frame, settings, Refused, request, post, cells, isControl, box, element, icon, button, toast, banner, emit, on, keptUnder,
  };
})();
