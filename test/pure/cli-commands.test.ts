import { afterEach, expect, test, vi } from 'vitest'
import { createProgram, runCommandLine } from '../../cli/main.ts'
import type { AnyCommand } from '../../cli/options.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

async function run(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  vi.spyOn(console, 'log').mockImplementation((line: string) => void out.push(line))
  vi.spyOn(console, 'error').mockImplementation((line: string) => void err.push(line))
  for (const name of ['API', 'SITE', 'KEY', 'PROFILE']) vi.stubEnv(`SWITCHHOOK_${name}`, undefined)
  vi.stubEnv('XDG_CONFIG_HOME', '/nonexistent')
  return { status: await runCommandLine(args), out: out.join('\n'), err: err.join('\n') }
}

const connection = ['--api', 'http://127.0.0.1:9', '--site', 'office', '--key', 'k']

test.each([
  [[], 'Usage: switchhook'],
  [['nothing'], "unknown command 'nothing'"],
  [['keys'], 'Usage: switchhook keys'],
  [['keys', 'lsit'], "unknown command 'lsit'\n(Did you mean list?)"],
  [['keys', 'list', '--jsno', ...connection], "unknown option '--jsno'\n(Did you mean --json?)"],
  [['keys', 'list', 'more', ...connection], 'too many arguments'],
  [['keys', 'create', ...connection], "required option '--name <name>' not specified"],
  [['keys', 'create', ...connection, '--name'], "option '--name <name>' argument missing"],
  [['keys', 'create', '--name', 'x', '--role', 'boss', ...connection], 'Allowed choices are viewer, operator, admin'],
  [['keys', 'create', '--name', 'x', '--role', 'admin', '--scopes', 'a', ...connection], 'cannot be used with option'],
  [['keys', 'board', '--name', 'x', '--expires-in-days', 'ten', ...connection], 'Expected a whole number'],
  [['keys', 'revoke', ...connection], "missing required argument 'key'"],
  [['keys', 'list'], 'Missing api, site, key: set --api or SWITCHHOOK_API, --site or SWITCHHOOK_SITE'],
  [['keys', 'list', '--api', 'example.com', '--site', 'office', '--key', 'k'], 'Expected an address'],
  [['sites', 'delete', 'office', ...connection.toSpliced(2, 2)], 'Add --yes to confirm'],
  [['cdrs', 'verify', '--day', 'today', ...connection], 'Expected a date, for example 2026-11-24'],
  [['cdrs', 'export', '--format', 'xls', ...connection], 'Allowed choices are csv, jsonl, xlsx'],
  [['cdrs', 'export', '--format', 'xlsx', ...connection], 'An XLSX file is not text: add --file calls.xlsx'],
  [['import', '--zone', 'Mars', '--file', 'x', ...connection], 'Expected an IANA time zone'],
  [['import', '--zone', 'UTC', ...connection], 'Give either --from'],
  [['import', '--zone', 'UTC', '--from', 'localhost', ...connection], 'mysql://USER:PASSWORD@HOST/DATABASE'],
  [['import', '--zone', 'UTC', '--from', 'mysql://h/d', '--table', 'a;b', ...connection], 'it was a;b'],
  [['redrive', '--from', 'a'], "required option '--to <url>' not specified"],
  [['menu', 'test', 'nothing.json'], 'nothing.json is neither a menu that comes with Switchhook'],
  [['menu', 'test', '514', '--mark', 'good'], 'Expected a number, for example 15.25'],
  [['profile', 'use', 'nothing'], 'Unknown profile nothing'],
] as const)('the command line %j exits with 64 and says what is wrong', async (args, message) => {
  const { status, out, err } = await run(...args)
  expect([status, out]).toEqual([64, ''])
  expect(err).toContain(message)
})

test('a profile that does not exist exits with 78 and says how to create it', async () => {
  const { status, err } = await run('keys', 'list', '--profile', 'nothing')
  expect([status, err]).toEqual([78, 'Unknown profile nothing: create it with switchhook profile set nothing'])
})

function commandsBelow(command: AnyCommand, path: string): string[] {
  return [path, ...command.commands.flatMap((one) => commandsBelow(one, `${path} ${one.name()}`))]
}

test.each(
  commandsBelow(
    createProgram(() => undefined),
    'switchhook',
  ),
)('the help of "%s" gives examples', async (path) => {
  const [, ...names] = path.split(' ')
  const { status, out } = await run(...names, '--help')
  expect(status).toBe(0)
  expect(out).toMatch(new RegExp(`^Usage: ${path} `))
  expect(out).toMatch(new RegExp(`Examples:\n  \\$ switchhook ${names[0] ?? ''}`))
})
