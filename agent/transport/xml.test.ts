import { describe, expect, it } from 'vitest'
import { parseXml, prettyXml, textOf, XmlError } from './xml.ts'

const pretty = (text: string) => prettyXml(parseXml(text))

describe('XML as lines', () => {
  it('is indented, its attributes sorted, its order kept', () => {
    expect(pretty('<a z="1" b="2"><c/><b>x &amp; &lt;y&gt;</b><c> 1 </c></a>')).toBe(
      '<a b="2" z="1">\n  <c/>\n  <b>x &amp; &lt;y&gt;</b>\n  <c>1</c>\n</a>\n',
    )
  })

  it('is the same whatever blanks stand between elements, and when it is made twice', () => {
    const once = pretty('<a>\n\n   <b>1</b>\t<c><d/></c>\n</a>')
    expect(once).toBe(pretty('<a><b>1</b><c><d/></c></a>'))
    expect(pretty(once)).toBe(once)
  })

  it('keeps characters, quotes and lines in a text', () => {
    expect(pretty('<a t="say &quot;hi&quot;"><b>line 1\nline 2 ü 1e5 007 true</b></a>')).toBe(
      '<a t="say &quot;hi&quot;">\n  <b>line 1\nline 2 ü 1e5 007 true</b>\n</a>\n',
    )
  })

  it('leaves out what changes without a change of configuration', () => {
    expect(pretty('<c junos:changed-seconds="17" junos:commit-user="x" xmlns:junos="j" etag="3"/>')).toBe(
      '<c xmlns:junos="j"/>\n',
    )
  })

  it.each(['', '<a>', '<a></b>', 'text', '<!DOCTYPE a><a/>', '<a b=c/>'])('%j is refused', (text) => {
    expect(() => parseXml(text)).toThrow(XmlError)
  })

  it('resolves no entity but the five and numbers, each once', () => {
    expect(textOf(parseXml('<a>&amp;lt; &#65;&#x42; &evil; &#x7fffffff;</a>'))).toBe('&lt; AB &evil; &#x7fffffff;')
  })
})
