import { Command, CommanderError } from '@commander-js/extra-typings'
import { addAuditCommand } from './commands/audit.ts'
import { addBridgesCommand } from './commands/bridges.ts'
import { addCdrsCommand } from './commands/cdrs.ts'
import { addImportCommand } from './commands/import.ts'
import { addKeysCommand } from './commands/keys.ts'
import { addListenCommand } from './commands/listen.ts'
import { addMenuCommand } from './commands/menu.ts'
import { addPbxCommand } from './commands/pbx.ts'
import { addProfileCommand } from './commands/profile.ts'
import { addRedriveCommand } from './commands/redrive.ts'
import { addSitesCommand } from './commands/sites.ts'
import { addWebhooksCommand } from './commands/webhooks.ts'
import { type ExitStatus, exitStatuses, exitStatusOf, type SetStatus } from './exit-status.ts'
import { examples } from './options.ts'

export async function main(args: readonly string[]): Promise<void> {
  process.exitCode = await runCommandLine(args)
}

/** Runs one command and returns its exit status. An error is one sentence on standard error. */
export async function runCommandLine(args: readonly string[]): Promise<ExitStatus> {
  let status: ExitStatus = 0
  const program = createProgram((other) => {
    status = other
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return status
  } catch (error) {
    // Commander has printed its own errors already.
    if (!(error instanceof CommanderError)) console.error(error instanceof Error ? error.message : String(error))
    return exitStatusOf(error)
  }
}

export function createProgram(setStatus: SetStatus): Command {
  const program = new Command('switchhook')
    .description('Manages the sites, keys, bridges and call log of a Switchhook deployment over its API.')
    .exitOverride()
    .configureOutput({ writeOut: print(console.log), writeErr: print(console.error) })
    .showHelpAfterError('Add --help to see what the command expects.')
    .addHelpText('after', afterHelp)
  addProfileCommand(program)
  addSitesCommand(program)
  addKeysCommand(program)
  addBridgesCommand(program)
  addAuditCommand(program)
  addImportCommand(program, setStatus)
  addCdrsCommand(program, setStatus)
  addRedriveCommand(program)
  addWebhooksCommand(program, setStatus)
  addListenCommand(program)
  addMenuCommand(program, setStatus)
  addPbxCommand(program, setStatus)
  return program
}

function print(log: (line: string) => void): (text: string) => void {
  return (text) => log(text.trimEnd())
}

const afterHelp = [
  '',
  'A value comes from the option, or from its environment variable, or from the profile.',
  '',
  'Exit status:',
  ...Object.entries(exitStatuses).map(([status, meaning]) => `  ${status.padStart(2)}  ${meaning}`),
  examples(
    'profile set office --api https://api.example.com --site office --key-stdin < key.txt',
    'keys create --name "Front desk" --role operator',
    'keys create --help',
  ),
].join('\n')
