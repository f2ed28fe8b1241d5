/** A real nginx of Debian in front of a hub, as a load balancer is: it appends the client's address to X-Forwarded-For. */
import { spawn } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../field.ts'
import { endAll, makeFolder, until } from './programs.ts'

export interface Nginx {
  readonly port: number
  close(): Promise<void>
}

/** @param target where the hub listens, such as http://127.0.0.1:8000 */
export async function startNginx(target: string): Promise<Nginx> {
  const folder = await makeFolder()
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const config = join(folder, 'nginx.conf')
  await writeFile(
    config,
    `user root; worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log stderr;
     events {}
     http {
       access_log off;
       ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
       server {
         listen 127.0.0.1:${port};
         location / {
           proxy_pass ${target};
           proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
         }
       }
     }`,
  )
  const child = spawn('/usr/sbin/nginx', ['-p', folder, '-c', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.on('data', (bytes: Buffer) => {
    output += bytes.toString()
  })
  const close = async () => {
    await endAll({ root: child.pid })
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await until('nginx', async () => {
      if (child.exitCode !== null) throw new Error(`nginx ended: ${output}`)
      const answer = await fetch(`http://127.0.0.1:${port}/api/health/live`).catch(() => undefined)
      return answer?.ok || undefined
    })
  } catch (error) {
    await close()
    throw error
  }
  return { port, close }
}
