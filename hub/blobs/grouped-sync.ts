/** One fsync for many writers of a folder. */

/**
 * Wraps an fsync so that callers who come while one runs share the next one. Each caller's promise settles only after an
 * fsync that began after its call, so what it wrote before is covered.
 */
export function groupedSync(sync: (folder: string) => Promise<void>): (folder: string) => Promise<void> {
  const running = new Map<string, { current: Promise<void>; next?: Promise<void> }>()

  const start = (folder: string): Promise<void> => {
    const group: { current: Promise<void>; next?: Promise<void> } = { current: sync(folder) }
    running.set(folder, group)
    const settled = () => {
      if (!group.next) running.delete(folder)
    }
    group.current.then(settled, settled)
    return group.current
  }

  return (folder) => {
    const group = running.get(folder)
    if (!group) return start(folder)
    group.next ??= group.current.then(
      () => start(folder),
      () => start(folder),
    )
    return group.next
  }
}
