/**
 * Texts that keep a badly made pattern busy: a pattern that backtracks in a wrong way needs minutes for one of them, any other
 * milliseconds. The sweep of the drivers uses them, and the hub before it keeps a pattern that somebody wrote.
 */

const FILLERS = ['a', ' ', 'a ', ' a', '1 ', '"', '"a', '\\"', '-a', '://a:', '%^%#', '\n', '\n a', '\n   exit\n']

/**
 * @param known a line that the pattern fits; empty: none is known
 * @param length of each text, UTF-16 code units, about
 */
export function hostileTexts(known: string, length: number): string[] {
  const words = known.trim().split(/\s+/)
  const indent = known.slice(0, known.search(/\S|$/))
  const starts = ['', ...words.map((_, index) => `${indent}${words.slice(0, index + 1).join(' ')} `)]
  const fillers = [...FILLERS, `${known}\n`, ...words.slice(0, 8).map((word) => `${word} `)]
  return fillers.flatMap((filler) =>
    starts.slice(0, 8).map((start) => `${start}${filler.repeat(length / filler.length)}\u0000`),
  )
}

/**
 * Texts made of what stands in the pattern itself, for one of which no line is known.
 * @param source of a pattern
 */
export function hostileTextsOf(source: string, length: number): string[] {
  const literal = source
    .replaceAll(/\(\?(?:<\w+>|<?[=!:])/g, '(')
    .replaceAll(/\\[nrts]/g, ' ')
    .replaceAll(/\\d/g, '1')
    .replaceAll(/\\\w/g, 'a')
    .replaceAll(/\\(.)/g, '$1')
  const words = [...new Set(literal.match(/[\w./:"'#%=<>-]+/g))].slice(0, 12)
  const signs = [...new Set(literal.replaceAll(/[()[\]{}?*+^$|\\]/g, ''))].slice(0, 24)
  const start = literal.replaceAll(/[()[\]{}?*+^$|\\]/g, '').slice(0, 200)
  const fillers = [...words, ...words.map((word) => `${word} `), ...signs]
  return fillers.flatMap((filler) =>
    ['', `${words[0] ?? ''} `, start].map((head) => `${head}${filler.repeat(length / filler.length)}\u0000`),
  )
}
