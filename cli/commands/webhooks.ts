import { setTimeout as sleep } from 'node:timers/promises'
import { Option } from '@commander-js/extra-typings'
import { createApi } from '../../client/http-client.ts'
import { webhookRoutes } from '../../contracts/routes/webhooks.ts'
import type { Delivery, DeliveryTry } from '../../contracts/webhook.ts'
import { type ConnectionOptions, siteAccess } from '../connection.ts'
import type { SetStatus } from '../exit-status.ts'
import { type AnyCommand, examples, siteCommand, wholeNumber } from '../options.ts'
import { print } from '../output.ts'

const identifier = 'id of the webhook, from "switchhook webhooks list"'
const listColumns = ['id', 'url', 'types', 'enabled', 'failingSince', 'description']
const deliveryColumns = ['time', 'type', 'state', 'tried', 'lastResult', 'id']
const createExamples = [
  'webhooks create --url https://example.com/hook --types call.ended,call.missed',
  'webhooks create --url https://example.com/hook --types "call.*" --direction inbound',
  'webhooks create --url https://hooks.slack.com/services/T0/B0/x --types call.missed,pbx.down --format slack',
]
/** How long `test` waits for the first try, and how often it looks. */
const testLooksMax = 20
const lookMs = 1_000

export function addWebhooksCommand(program: AnyCommand, setStatus: SetStatus): void {
  const webhooks = program
    .command('webhooks')
    .description('send events of a site to an address of yours; docs/webhooks.md describes them')
    .addHelpText('after', examples('webhooks list', ...createExamples))
  siteCommand(webhooks, 'list', 'list webhooks, without their secrets', 'webhooks list --json').action(
    async (options) => {
      const { body } = await webhooksApi(options)('GET /v1/sites/{site}/webhooks')
      print(body.webhooks, { json: options.json, columns: listColumns })
    },
  )
  siteCommand(webhooks, 'create', 'create a webhook and print its secret', ...createExamples)
    .requiredOption('--url <url>', 'address of the receiver, https')
    .requiredOption('--types <types>', 'types of events separated by commas; call.* names a group', split)
    .addOption(
      new Option('--format <format>', 'slack or teams: messages for people, to their incoming webhook').choices([
        'standard',
        'slack',
        'teams',
      ] as const),
    )
    .option('--description <text>', 'note for people')
    .option('--extensions <extensions>', 'only events about these, separated by commas', split)
    .addOption(
      new Option('--direction <direction>', 'only calls in this direction').choices([
        'inbound',
        'outbound',
        'internal',
      ]),
    )
    .option('--queues <queues>', 'only events about these queues, separated by commas', split)
    .option('--asymmetric', 'sign by Ed25519 as well, for a receiver with a public key')
    .option('--ordered', 'send the events of a call one after the other')
    .option('--verify', 'send nothing before the receiver has agreed to get events')
    .option('--per-second <requests>', 'requests a second that the receiver takes (default: 10)', wholeNumber)
    .action(async (options) => {
      const { url, types, format, description, extensions, direction, queues, perSecond, asymmetric, verify, ordered } =
        options
      const filters = {
        ...(extensions && { extensions }),
        ...(direction && { directions: [direction] }),
        ...(queues && { queues }),
      }
      const hasFilters = Object.keys(filters).length > 0
      const ordering = ordered ? ('call' as const) : undefined
      const request = {
        url,
        types,
        format,
        description,
        perSecond,
        asymmetric,
        verify,
        ordering,
        ...(hasFilters && { filters }),
      }
      const { body } = await webhooksApi(options)('POST /v1/sites/{site}/webhooks', { body: request })
      print(body, options)
    })
  siteCommand(webhooks, 'delete', 'delete a webhook', 'webhooks delete wh_3f9a8c1e5b7d42a0')
    .argument('<webhook>', identifier)
    .action(async (webhook, options) => {
      await webhooksApi(options)('DELETE /v1/sites/{site}/webhooks/{webhook}', { path: { webhook } })
    })
  siteCommand(webhooks, 'test', 'send a test event and print the answer', 'webhooks test wh_3f9a8c1e5b7d42a0')
    .argument('<webhook>', identifier)
    .action(async (webhook, options) => {
      const delivery = await sendTest(webhook, options)
      print(options.json ? delivery : toRow(delivery), options)
      if (delivery.state !== 'delivered') setStatus(1)
    })
  siteCommand(
    webhooks,
    'deliveries',
    'show what was sent, newest event first',
    'webhooks deliveries wh_3f9a8c1e5b7d42a0 --state failed',
  )
    .argument('<webhook>', identifier)
    .addOption(new Option('--state <state>', 'only these').choices(['pending', 'delivered', 'failed', 'held'] as const))
    .option('--limit <deliveries>', 'how many to show (default: 50)', wholeNumber)
    .action(async (webhook, options) => {
      const { state, limit } = options
      const request = { path: { webhook }, query: { state, limit } }
      const { body } = await webhooksApi(options)('GET /v1/sites/{site}/webhooks/{webhook}/deliveries', request)
      if (options.json) print(body, options)
      else print(body.deliveries.map(toRow), { columns: deliveryColumns })
    })
  siteCommand(
    webhooks,
    'replay',
    'send deliveries of a time again; without --count, only print how many there are',
    'webhooks replay wh_3f9a8c1e5b7d42a0 --from 2026-11-23T19:00:00Z --count 250',
  )
    .argument('<webhook>', identifier)
    .option('--from <time>', 'events from this time on, for example 2026-11-23T19:00:00Z')
    .option('--to <time>', 'events before this time (default: now)')
    .option('--types <types>', 'only these types, separated by commas', split)
    .option('--count <deliveries>', 'start if there are no more than this', wholeNumber)
    .action(async (webhook, options) => {
      const { from, to, types, count } = options
      const route = 'POST /v1/sites/{site}/webhooks/{webhook}/replay'
      const { body } = await webhooksApi(options)(route, { path: { webhook }, body: { from, to, types, count } })
      print(body, options)
    })
  siteCommand(webhooks, 'resend', 'send one event again', 'webhooks resend wh_3f9a8c1e5b7d42a0 DELIVERY')
    .argument('<webhook>', identifier)
    .argument('<delivery>', 'id of the delivery, from "switchhook webhooks deliveries"')
    .action(async (webhook, delivery, options) => {
      const route = 'POST /v1/sites/{site}/webhooks/{webhook}/deliveries/{delivery}/resend'
      const { body } = await webhooksApi(options)(route, { path: { webhook, delivery } })
      print(options.json ? body : toRow(body), options)
    })
}

async function sendTest(webhook: string, options: ConnectionOptions): Promise<Delivery> {
  const api = webhooksApi(options)
  const { body: sent } = await api('POST /v1/sites/{site}/webhooks/{webhook}/test', { path: { webhook } })
  for (let looks = 0; looks < testLooksMax; looks += 1) {
    await sleep(lookMs)
    const { body } = await api('GET /v1/sites/{site}/webhooks/{webhook}/deliveries', { path: { webhook } })
    const found = body.deliveries.find(({ id }) => id === sent.id)
    if (found && found.tries.length > 0) return found
  }
  return sent
}

function toRow({ id, time, type, state, tries, failed }: Delivery): Record<string, unknown> {
  return { id, time, type, state, tried: tries.length, lastResult: failed ?? resultOf(tries.at(-1)) }
}

function resultOf(last: DeliveryTry | undefined): string {
  return last === undefined ? '' : (last.error ?? `${last.status} in ${last.ms} ms`)
}

function split(text: string): string[] {
  return text.split(',').map((part) => part.trim())
}

function webhooksApi(options: ConnectionOptions) {
  return createApi(siteAccess(options), webhookRoutes)
}
