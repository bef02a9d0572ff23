import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { SwitchhookError } from '../contracts/errors.ts'

/** A command line that asks for nothing that the command can do. */
export class UsageError extends SwitchhookError {
  readonly errorId = 'usage'
}

/** The program and its commands, whatever their arguments and options are. */
// biome-ignore lint/suspicious/noExplicitAny: commander types a command by its own options, which a parent does not know
export type AnyCommand = Command<any, any, any>

/** Parses an option whose value is the address of an API. */
export function webAddress(text: string): string {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('Expected an address, for example https://api.example.com')
  return text.replace(/\/+$/, '')
}

const apiOption = new Option('--api <url>', 'address of the API').env('SWITCHHOOK_API').argParser(webAddress)
const siteOption = new Option('--site <site>', 'site of the calls, keys and bridges').env('SWITCHHOOK_SITE')
const keyOption = new Option('--key <key>', 'API key; other users of the machine can see it here').env('SWITCHHOOK_KEY')
const profileOption = new Option('--profile <name>', 'profile to take what is missing from').env('SWITCHHOOK_PROFILE')

/** Adds a subcommand that calls the API and belongs to no site. */
export function deploymentCommand(parent: AnyCommand, name: string, description: string, ...lines: string[]) {
  return parent
    .command(name)
    .description(description)
    .addOption(apiOption)
    .addOption(keyOption)
    .addOption(profileOption)
    .option('--json', 'print JSON')
    .addHelpText('after', examples(...lines))
}

/** Adds a subcommand that calls the API of one site. */
export function siteCommand(parent: AnyCommand, name: string, description: string, ...lines: string[]) {
  return deploymentCommand(parent, name, description, ...lines).addOption(siteOption)
}

/** Parses an option whose value is a whole number. */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a whole number, for example 30')
  return Number(text)
}

/** Formats examples for the end of a command's help. */
export function examples(...lines: string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ switchhook ${line}`)].join('\n')
}
