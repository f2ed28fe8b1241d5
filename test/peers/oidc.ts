/** A real provider of OpenID Connect (npm's oidc-provider) as a process of its own, and a browser that walks its pages. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Provider {
  readonly issuer: string
  /** Who somebody is from now on. */
  person(subject: string, claims: Readonly<Record<string, unknown>>): Promise<void>
  /** Whether id tokens are altered on their way out. */
  tamper(isTampering: boolean): Promise<void>
  /** Logs in and consents. @returns the address that the browser is sent back to */
  walk(url: string, subject: string): Promise<string>
  close(): Promise<void>
}

export async function startProvider(redirectUri: string): Promise<Provider> {
  const child: ChildProcess = fork(fileURLToPath(new URL('oidc-provider.js', import.meta.url)), [redirectUri], {
    silent: true,
    execArgv: [],
  })
  let output = ''
  child.stderr?.on('data', (bytes: Buffer) => {
    output += bytes.toString()
  })
  const ended = once(child, 'exit')
  const started = await Promise.race([once(child, 'message'), ended.then(() => undefined)])
  if (!started) throw new Error(`the provider ended: ${output}`)
  const { issuer } = started[0] as { issuer: string }
  const tell = async (message: object) => {
    const heard = once(child, 'message')
    child.send(message)
    await heard
  }
  return {
    issuer,
    person: (person, claims) => tell({ person, claims }),
    tamper: (tamper) => tell({ tamper }),
    walk: (url, subject) => walk(issuer, url, subject),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill()
      await ended
    },
  }
}

async function walk(issuer: string, from: string, subject: string): Promise<string> {
  const cookies = new Map<string, string>()
  let url = from
  let form: URLSearchParams | undefined
  for (let step = 0; step < 20; step += 1) {
    const answer = await fetch(url, {
      method: form ? 'POST' : 'GET',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      redirect: 'manual',
      ...(form && { body: form }),
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const text = await answer.text()
    const location = answer.headers.get('location')
    form = undefined
    if (location) {
      url = new URL(location, url).href
      if (!url.startsWith(issuer)) return url
      continue
    }
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(text) ?? []
    const [, prompt] = /name="prompt" value="(\w+)"/.exec(text) ?? []
    if (action === undefined || prompt === undefined) throw new Error(`no form at ${url}: ${answer.status} ${text}`)
    url = new URL(action, url).href
    form = new URLSearchParams({ prompt, ...(prompt === 'login' && { login: subject, password: 'any' }) })
  }
  throw new Error('the provider sends the browser round and round')
}
