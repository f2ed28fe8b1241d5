/** Every pattern in a driver, with the path to it, such as `cisco_ios.secrets.3`. */
export function patternsOf(part: unknown, path: string): { path: string; pattern: RegExp }[] {
  if (part instanceof RegExp) return [{ path, pattern: part }]
  if (typeof part !== 'object' || part === null) return []
  return Object.entries(part).flatMap(([name, inner]) => patternsOf(inner, `${path}.${name}`))
}
