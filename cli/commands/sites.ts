import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { SitePage } from '../../contracts/site.ts'
import { ask } from '../api.ts'
import { connectionOptions, type Door, doorOf, UsageError } from '../config.ts'
import { print } from '../output.ts'

export const usage = `switchhook sites list [--json]
switchhook sites show SITE [--json] | delete SITE --yes [--json] | receipt SITE ID [--json]
switchhook sites create SITE --name NAME [--country FR] [--zone Europe/Paris] [--language fr] [--retention-days 365] [--json]
switchhook sites change SITE [the same]
    with the deployment's admin key; the first key and the bridge's code are shown once`

const properties = { name: 'name', country: 'country', zone: 'zone', language: 'language' } as const

export async function run([action = '', ...args]: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...connectionOptions,
      name: { type: 'string' },
      country: { type: 'string' },
      zone: { type: 'string' },
      language: { type: 'string' },
      'retention-days': { type: 'string' },
      yes: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  })
  const door = doorOf(values)
  const [site, receipt] = positionals
  const path = `/v1/sites/${encodeURIComponent(site ?? '')}`
  const given = Object.entries(properties).map(([name, option]) => [name, values[option as keyof typeof properties]])
  const days = values['retention-days']
  const change = { ...Object.fromEntries(given), ...(days !== undefined && { retentionDays: Number(days) }) }
  const show = async (answer: Promise<unknown>) => print(await answer, { json: values.json })
  if (action === 'list')
    print(await listSites(door), { json: values.json, columns: ['site', 'name', 'country', 'zone', 'createdAt'] })
  else if (!site) throw new UsageError(usage)
  else if (action === 'show') await show(ask(door, 'GET', path))
  else if (action === 'create') await show(ask(door, 'POST', '/v1/sites', { site, ...change }))
  else if (action === 'change') await show(ask(door, 'PATCH', path, change))
  else if (action === 'receipt' && receipt)
    await show(ask(door, 'GET', `${path}/receipts/${encodeURIComponent(receipt)}`))
  else if (action === 'delete' && values.yes) await show(ask(door, 'DELETE', path))
  else throw new UsageError(action === 'delete' ? `this removes all of ${site}: say --yes if that is meant` : usage)
  return 0
}

async function listSites(door: Door): Promise<v.InferOutput<typeof SitePage>['sites']> {
  const sites: v.InferOutput<typeof SitePage>['sites'] = []
  let after: string | undefined
  // A hundred sites a page, each page after the last site of the one before.
  do {
    const page = v.parse(SitePage, await ask(door, 'GET', `/v1/sites${after ? `?after=${after}` : ''}`))
    sites.push(...page.sites)
    after = page.after
  } while (after)
  return sites
}
