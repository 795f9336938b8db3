// Asking the server: every answer is a page or a part of one.

export class SignedOut extends Error {}

export async function post(url, body, signal) {
  return read(await fetch(url, { method: "POST", body, signal }), url);
}

export async function get(url, signal) {
  return read(await fetch(url, { signal }), url);
}

async function read(answer, url) {
  const asked = new URL(url, location.href);
  if (answer.redirected && new URL(answer.url).pathname !== asked.pathname) throw new SignedOut();
  if (!answer.ok) throw new Error(`${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}
