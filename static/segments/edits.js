// Adding, removing, moving: the server changes the form, and the page takes the change over.
// One edit waits for the one before it, so that each starts from what that one made.

import { merge, replace } from "./merging.js";
import { content, fields, groups, namesOfGroups } from "./page.js";
import { enhance } from "./pickers.js";
import * as reach from "./reach.js";
import { post } from "./server.js";

let queue = Promise.resolve();

export function press(name, value = "") {
  return enqueue(async () => {
    const posted = fields();
    posted.append(name, value);
    await answer(posted, (page) => merge(page, posted));
  });
}

// Bring back what the groups were at another time.
export function restore(moment) {
  return enqueue(async () => {
    const posted = fields();
    for (const name of namesOfGroups()) posted.delete(name);
    for (const [name, value] of new URLSearchParams(moment)) posted.append(name, value);
    await answer(posted, replace);
  });
}

async function answer(posted, take) {
  reach.stop();
  const before = content();
  const page = await post(location.href, posted);
  const isSame = content() === before;
  reach.stop();
  take(page);
  enhance(groups);
  reach.show(page);
  // Something was typed while the answer was on its way.
  if (!isSame) reach.count();
}

function enqueue(work) {
  queue = queue.then(work).catch((error) => reach.fail(error));
  return queue;
}
