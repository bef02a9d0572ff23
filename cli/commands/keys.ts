import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { KeyList } from '../../contracts/key.ts'
import { ask, sitePath } from '../api.ts'
import { connectionOf, connectionOptions, UsageError } from '../config.ts'
import { print } from '../output.ts'

export const usage = `switchhook keys list [--json]
switchhook keys create --name NAME (--role viewer|operator|admin | --scopes a,b) [--expires-in-days N] [--json]
switchhook keys board --name NAME [--expires-in-days N] [--json]
switchhook keys rotate KEY [--overlap-seconds N] [--json] | revoke KEY [--json]
    keys and board tokens of the site; a secret is shown once`

const columns = ['key', 'kind', 'name', 'scopes', 'lastUsedAt', 'expiresAt', 'revokedAt']

export async function run([action = '', ...args]: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...connectionOptions,
      name: { type: 'string' },
      role: { type: 'string' },
      scopes: { type: 'string' },
      'expires-in-days': { type: 'string' },
      'overlap-seconds': { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const connection = connectionOf(values)
  const [key] = positionals
  const send = (method: string, path: string, body?: unknown) =>
    ask(connection, method, sitePath(connection, path), body)
  const show = async (method: string, path: string, body?: unknown) =>
    print(await send(method, path, body), { json: values.json })
  const { name, role, scopes } = values
  const expiresInDays = numberOf(values['expires-in-days'])
  if (action === 'list') {
    const { keys } = v.parse(KeyList, await send('GET', 'keys'))
    print(keys, { json: values.json, columns })
  } else if (action === 'create' && name) {
    await show('POST', 'keys', { name, role, scopes: scopes?.split(','), expiresInDays })
  } else if (action === 'board' && name) await show('POST', 'boards', { name, expiresInDays })
  else if (action === 'rotate' && key) {
    await show('POST', `keys/${encodeURIComponent(key)}/rotate`, {
      overlapSeconds: numberOf(values['overlap-seconds']),
    })
  } else if (action === 'revoke' && key) await show('DELETE', `keys/${encodeURIComponent(key)}`)
  else throw new UsageError(usage)
  return 0
}

/** What is no number is sent as it is: the API names the field that is wrong. */
function numberOf(text: string | undefined): number | string | undefined {
  return text === undefined || !/^\d+$/.test(text) ? text : Number(text)
}
