/** The proxy on the way to the hub, as HTTPS_PROXY and NO_PROXY name it. */
import { Agent as HttpAgent, setGlobalProxyFromEnv } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { AgentConfig } from './config.ts'

export type ProxySettings = Pick<AgentConfig, 'httpsProxy' | 'noProxy'>

/** From now on `fetch` goes through the proxy; nothing happens when there is none. */
export function useProxy(settings: ProxySettings): void {
  if (settings.httpsProxy !== undefined) setGlobalProxyFromEnv(environmentOf(settings))
}

/** What carries the WebSocket through the proxy; undefined when there is none. */
export function proxyAgent(hubUrl: string, settings: ProxySettings): HttpAgent | undefined {
  if (settings.httpsProxy === undefined) return undefined
  const proxyEnv = environmentOf(settings)
  return hubUrl.startsWith('https:') ? new HttpsAgent({ proxyEnv }) : new HttpAgent({ proxyEnv })
}

function environmentOf({ httpsProxy, noProxy }: ProxySettings) {
  return { HTTPS_PROXY: httpsProxy, HTTP_PROXY: httpsProxy, ...(noProxy === undefined ? {} : { NO_PROXY: noProxy }) }
}
