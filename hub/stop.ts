/** How a process is asked to end. */

/** @returns the first SIGTERM or SIGINT; from then on they do nothing more */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal))
  })
}
