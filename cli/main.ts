import * as auditCommand from './commands/audit.ts'
import * as bridgesCommand from './commands/bridges.ts'
import * as cdrsCommand from './commands/cdrs.ts'
import * as importCommand from './commands/import.ts'
import * as keysCommand from './commands/keys.ts'
import * as menuCommand from './commands/menu.ts'
import * as profileCommand from './commands/profile.ts'
import * as redriveCommand from './commands/redrive.ts'
import * as sitesCommand from './commands/sites.ts'
import { UsageError } from './config.ts'
import { exitStatuses, exitStatusOf } from './exit-status.ts'

/** `run` answers the exit status. */
interface Command {
  usage: string
  run(args: string[]): Promise<number>
}

const commands: Record<string, Command> = {
  profile: profileCommand,
  sites: sitesCommand,
  keys: keysCommand,
  bridges: bridgesCommand,
  audit: auditCommand,
  import: importCommand,
  cdrs: cdrsCommand,
  redrive: redriveCommand,
  menu: menuCommand,
}

function help(): string {
  const usages = Object.values(commands).map(({ usage }) => usage)
  const statuses = Object.entries(exitStatuses).map(([status, meaning]) => `    ${status.padStart(2)}  ${meaning}`)
  return [
    ...usages,
    'Every command that asks the API takes --profile NAME, --api URL, --site S, --key KEY.',
    'Exit status:',
    ...statuses,
  ].join('\n')
}

export async function main([name = '', ...args]: string[]): Promise<void> {
  try {
    if (name === 'help' || name === '--help') return console.log(help())
    const command = commands[name]
    if (!command) throw new UsageError(help())
    process.exitCode = await command.run(args)
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = exitStatusOf(error)
  }
}
