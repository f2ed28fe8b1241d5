/** Patterns of names with `*` for any letters and `?` for one, in any case. Takes at most the product of both lengths. */
export function fitsGlob(name: string, glob: string): boolean {
  const [text, pattern] = [name.toLowerCase(), glob.toLowerCase()]
  let [at, wanted, star, retry] = [0, 0, -1, 0]
  while (at < text.length) {
    const letter = pattern[wanted]
    if (letter === '*') {
      star = wanted
      retry = at
      wanted += 1
    } else if (letter === '?' || letter === text[at]) {
      at += 1
      wanted += 1
    } else if (star >= 0) {
      retry += 1
      at = retry
      wanted = star + 1
    } else return false
  }
  return [...pattern.slice(wanted)].every((letter) => letter === '*')
}
