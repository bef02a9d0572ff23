import * as importCommand from './commands/import.ts'
import * as redriveCommand from './commands/redrive.ts'
import { UsageError } from './config.ts'

/** `run` answers the exit status; 64 is a wrong use, 1 a failure. */
interface Command {
  usage: string
  run(args: string[]): Promise<number>
}

const commands: Record<string, Command> = { import: importCommand, redrive: redriveCommand }

export async function main([name = '', ...args]: string[]): Promise<void> {
  const command = commands[name]
  try {
    if (!command)
      throw new UsageError(
        Object.values(commands)
          .map(({ usage }) => usage)
          .join('\n'),
      )
    process.exitCode = await command.run(args)
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = error instanceof UsageError ? 64 : 1
  }
}
