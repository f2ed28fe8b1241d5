import type { Command } from 'commander'
import { CredentialTest } from '../api/credential-test.ts'
import { acting, type Cli, inPath, type JsonOption, verb } from './command.ts'
import { failureLines, followed } from './devices-test.ts'
import { EXIT } from './failure-text.ts'

interface TestOptions extends JsonOption {
  readonly device?: string
}

/** Nobody was asked yet, or must not be for now: the same test may do later. */
const LATER = new Set(['AGENT_OFFLINE', 'CREDENTIAL_COOLDOWN', 'CREDENTIAL_GUARDED', 'TASK_NOT_CLAIMED'])

export function credentialTestCommand(credentials: Command, cli: Cli): void {
  verb(credentials, 'test <name>', 'see whether a credential opens a device; it is offered once, and no other', [
    'netraven credentials test core --device sw1',
    'netraven credentials test core    on the device that has it and was read last',
  ])
    .option('--device <name>', 'the device, whatever credentials it has')
    .action(
      acting(cli, async (name: string, options: TestOptions) => {
        const { device } = options
        const client = await cli.client()
        const begun = await client.send('POST', `/api/credentials/${inPath(name)}/test`, { device }, CredentialTest)
        if (device === undefined && !options.json) {
          cli.terminal.err(`No --device: trying ${begun.device}, which has ${begun.credential} and was read last.`)
        }
        const path = `/api/devices/${inPath(begun.device)}/credential-test?credential=${inPath(begun.credential)}`
        const test = await followed({ cli, client, path, shape: CredentialTest, options }, begun)
        cli.show(options, test, () => verdict(test))
        if (test.failure && !options.json) for (const line of failureLines(test)) cli.terminal.err(line)
        if (test.opens) return undefined
        return test.opens === null && LATER.has(test.failure?.code ?? '') ? EXIT.later : EXIT.failed
      }),
    )
}

function verdict({ credential, device, opens, failure, state }: CredentialTest): string {
  if (opens) return `${credential} opens ${device}${failure ? ', but it cannot be read' : ''}.`
  const why = failure ? `${failure.message} [${failure.code}]` : 'it asked for no credential'
  if (opens === false) return `${device} refused ${credential}: ${why}`
  return `${device} did not judge ${credential}: ${state === 'cancelled' ? 'the test was cancelled' : why}`
}
