/** What systems share that answer with JSON (RFC 8259) over HTTP: laid out with sorted names, one member a line. */
import type { Command } from '../../driver.ts'

/** One whole value. HTTP tells the length, and a broken one never parses, so this only sees that it is no page of a login. */
export const wholeJson = /(?<![\s\S])(?:\{[\s\S]*^\}|\[[\s\S]*^\])\n?(?![\s\S])|(?<![\s\S])(?:\{\}|\[\])\n?(?![\s\S])/

/** @param names of members whose text is secret, as a pattern */
export function jsonSecrets(names: string): readonly RegExp[] {
  const text = String.raw`"(?<secret>(?:\\.|[^"\\\n])+)"`
  return [
    new RegExp(`^ *"(?:${names})": ${text}`),
    /-----BEGIN (?:[A-Z]{1,12} ){0,2}PRIVATE KEY-----(?<secret>(?:\\n|[^-"\\\n]){1,20000})/,
    /:\/\/[^\s:/@"]{1,64}:(?<secret>[^\s@"]{1,128})@/,
  ]
}

/** @param optional paths that not every release knows */
export function jsonCommands(paths: readonly string[], optional: readonly string[] = []): readonly Command[] {
  return [...paths, ...optional].map((path, index) => ({
    run: `GET ${path}`,
    as: 'config',
    complete: wholeJson,
    optional: index >= paths.length,
  }))
}
