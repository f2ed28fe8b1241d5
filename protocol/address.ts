/** What may stand as the name of a machine; both sides ask before it is looked up. */

const LABEL = /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$/

/** A host name (RFC 1123, and the underscores that people use); one that ends in a number would be taken for an address. */
export function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, '').split('.')
  return text.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '')
}
