// What must not outlive the tests, however they end: servers and folders are put away on exit and on a signal.

const undo = new Set<() => void>();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function putAway(): void {
  for (const each of [...undo].reverse()) each();
  undo.clear();
}

/** Has something put away at the end of the process; the function that it gives back does it now, and once. */
export function leaveNothing(put: () => void): () => void {
  listen();
  undo.add(put);
  return () => {
    if (undo.delete(put)) put();
  };
}

let listening = false;
function listen(): void {
  if (listening) return;
  listening = true;
  process.on('exit', putAway);
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      putAway();
      process.kill(process.pid, signal);
    });
  }
}
