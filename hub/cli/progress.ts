/** A bar on a terminal, for what takes longer than a moment. */
import { Presets, SingleBar } from 'cli-progress'
import type { Output } from './terminal.ts'

export interface Progress {
  update(done: number, note: string): void
  stop(): void
}

/** @param stream a terminal */
export function openProgress(stream: Output, total: number): Progress {
  const bar = new SingleBar(
    {
      format: '{bar} {value}/{total} devices | {duration_formatted} | {note}',
      // The library wants a stream; it only writes to it and asks whether it is a terminal.
      stream: stream as NodeJS.WritableStream,
      clearOnComplete: true,
      hideCursor: true,
      gracefulExit: false,
      fps: 5,
    },
    Presets.shades_classic,
  )
  bar.start(total, 0, { note: '' })
  return { update: (done, note) => bar.update(done, { note }), stop: () => bar.stop() }
}
