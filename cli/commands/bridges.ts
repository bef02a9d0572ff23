import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { BridgeList } from '../../contracts/bridge-access.ts'
import { ask, sitePath } from '../api.ts'
import { connectionOf, connectionOptions, UsageError } from '../config.ts'
import { print } from '../output.ts'

export const usage = `switchhook bridges list [--json] | code [--json] | revoke BRIDGE [--json]
    bridges of the site; a code enrols one, by switchhook-bridge enroll CODE, within an hour`

export async function run([action = '', ...args]: string[]): Promise<number> {
  const options = { ...connectionOptions, json: { type: 'boolean' } } as const
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options })
  const connection = connectionOf(values)
  const [bridge] = positionals
  const send = (method: string, path: string) => ask(connection, method, sitePath(connection, path))
  if (action === 'list') {
    const { bridges } = v.parse(BridgeList, await send('GET', 'bridges'))
    print(bridges, {
      json: values.json,
      columns: ['key', 'state', 'enrolledAt', 'lastUsedAt', 'expiresAt', 'revokedAt'],
    })
  } else if (action === 'code') print(await send('POST', 'bridges'), { json: values.json })
  else if (action === 'revoke' && bridge) {
    print(await send('DELETE', `bridges/${encodeURIComponent(bridge)}`), { json: values.json })
  } else throw new UsageError(usage)
  return 0
}
