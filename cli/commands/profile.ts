import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { UsageError } from '../config.ts'
import { print } from '../output.ts'
import { readProfiles, writeProfiles } from '../profiles.ts'

export const usage = `switchhook profile list [--json] | use NAME | remove NAME
switchhook profile set NAME [--api URL] [--site S] [--key-stdin]
    keeps where the API is and who asks; a key is read from standard input, so that no history of a shell holds it`

export async function run([action = '', ...args]: string[]): Promise<number> {
  const options = {
    api: { type: 'string' },
    site: { type: 'string' },
    'key-stdin': { type: 'boolean' },
    json: { type: 'boolean' },
  } as const
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options })
  const [name] = positionals
  const file = readProfiles()
  if (action === 'list') {
    const rows = Object.entries(file.profiles).map(([name, { api, site, key }]) => {
      return { name: name === file.current ? `${name} *` : name, api, site, key: key && `${key.slice(0, 8)}…` }
    })
    print(rows, { json: values.json, columns: ['name', 'api', 'site', 'key'] })
  } else if (action === 'set' && name) {
    const key = values['key-stdin'] ? (await text(process.stdin)).trim() : undefined
    const { api, site } = values
    const given = Object.fromEntries(Object.entries({ api, site, key }).filter(([, value]) => value !== undefined))
    const profiles = { ...file.profiles, [name]: { ...file.profiles[name], ...given } }
    writeProfiles({ current: file.current ?? name, profiles })
  } else if (action === 'use' && name && file.profiles[name]) {
    writeProfiles({ ...file, current: name })
  } else if (action === 'remove' && name) {
    const { [name]: _gone, ...profiles } = file.profiles
    writeProfiles({ profiles, ...(file.current !== undefined && file.current !== name && { current: file.current }) })
  } else throw new UsageError(usage)
  return 0
}
