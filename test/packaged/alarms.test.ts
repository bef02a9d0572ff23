import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebhookEvent } from '../../contracts/webhook-events.ts'
import type { TopicMessage } from '../../infra/local/services/topics.ts'
import { testLimits } from '../support/cloud-limits.ts'
import { type Deployment, deploy, type TestSite } from '../support/deployment.ts'
import { endpointFact } from '../support/facts.ts'
import { until } from '../support/until.ts'

/**
 * Goal: a call cap that is reached, and a key that it freezes, each raise an alarm. Method: the log lines of the packaged
 * function are matched with the template's metric filters, by the CloudWatch rules that these filters use.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
const Transformation = v.object({ MetricNamespace: v.string(), MetricName: v.string(), MetricValue: v.string() })
const Filter = v.looseObject({
  LogGroupName: v.string(),
  FilterPattern: v.string(),
  MetricTransformations: v.array(v.looseObject(Transformation.entries)),
})
const Alarm = v.looseObject({
  Namespace: v.string(),
  MetricName: v.string(),
  Statistic: v.optional(v.string()),
  Threshold: v.number(),
  ComparisonOperator: v.string(),
  AlarmActions: v.array(v.unknown()),
})
const Template = v.looseObject({
  Resources: v.record(v.string(), v.looseObject({ Type: v.string(), Properties: v.optional(v.unknown()) })),
})

let deployment: Deployment
let office: TestSite
let template: v.InferOutput<typeof Template>
/** Requests to EventBridge that the function's role may make. */
const puts: unknown[] = []
const mails: TopicMessage[] = []
const printed: { function: string; line: string }[] = []
beforeAll(async () => {
  deployment = await deploy(testLimits, { EventBus: 'switchhook', OutageEmail: 'ops@example.org' })
  deployment.cloud.onTopicMessage((message) => void mails.push(message))
  deployment.cloud.onServiceCall(({ service, input }) => void (service === 'events' && puts.push(input)))
  deployment.cloud.onFunctionLine((line) => void printed.push(line))
  office = await deployment.makeSite('office')
  template = v.parse(
    Template,
    JSON.parse(await readFile('.serverless/cloudformation-template-update-stack.json', 'utf8')),
  )
})
afterAll(async () => deployment?.[Symbol.asyncDispose]())

function properties<S extends v.GenericSchema>(type: string, schema: S): v.InferOutput<S>[] {
  const all = Object.values(template.Resources).filter((one) => one.Type === type)
  return all.flatMap(({ Properties }) => (v.is(schema, Properties) ? [Properties] : []))
}

/** Matches a line with `{ $.field = "text" && $.field IS TRUE }`: all terms must hold. */
function matches(pattern: string, line: string): boolean {
  if (!line.startsWith('{')) return false
  const fields: Record<string, unknown> = JSON.parse(line)
  const terms = pattern.replace(/^\{\s*|\s*\}$/g, '').split('&&')
  return terms.every((term) => {
    const text = /^\s*\$\.(\w+) = "([^"]+)"\s*$/.exec(term)
    const truth = /^\s*\$\.(\w+) IS TRUE\s*$/.exec(term)
    if (text) return fields[text[1] ?? ''] === text[2]
    if (truth) return fields[truth[1] ?? ''] === true
    throw new Error(`a filter of another form: ${pattern}`)
  })
}

/** Returns the alarms whose metric these lines raise above the threshold. */
function raised(lines: typeof printed): string[] {
  const filters = properties('AWS::Logs::MetricFilter', Filter).filter(({ FilterPattern }) =>
    /call-cap|lookup-cap|fraud|attack/.test(FilterPattern),
  )
  const sums = new Map<string, number>()
  for (const { LogGroupName, FilterPattern, MetricTransformations } of filters) {
    const own = lines.filter((one) => LogGroupName === `/aws/lambda/${one.function}`)
    const hits = own.filter(({ line }) => matches(FilterPattern, line)).length
    for (const { MetricNamespace, MetricName, MetricValue } of MetricTransformations) {
      const metric = `${MetricNamespace} ${MetricName}`
      sums.set(metric, (sums.get(metric) ?? 0) + hits * Number(MetricValue))
    }
  }
  const alarms = properties('AWS::CloudWatch::Alarm', Alarm)
  return alarms.flatMap(({ Namespace, MetricName, Statistic, Threshold, ComparisonOperator, AlarmActions }) => {
    const isAbove = (sums.get(`${Namespace} ${MetricName}`) ?? 0) > Threshold
    const isHeard = Statistic === 'Sum' && ComparisonOperator === 'GreaterThanThreshold' && AlarmActions.length > 0
    return isAbove && isHeard ? [MetricName] : []
  })
}

const settings = (change: object) =>
  deployment.call('PATCH', '/v1/sites/office', { key: office.site.apiKey, body: { settings: change } })
let asked = 0
async function ask(): Promise<string | undefined> {
  const headers = { 'idempotency-key': `alarm-${++asked}` }
  const body = { from: '5860', to: '61' }
  const response = await deployment.call('POST', '/v1/sites/office/calls', { key: office.site.apiKey, body, headers })
  return ((await response.json()) as { errorId?: string }).errorId
}
/** Places calls until one is refused with this errorId; the bridge sends a heartbeat before each. */
let seq = 0
async function refused(errorId: string): Promise<void> {
  await until(errorId, async () => {
    await deployment.send(office, 'live', [endpointFact('office', [1, ++seq], '5860', 'NOT_INUSE')])
    return (await ask()) === errorId
  })
}

test('raises an alarm when a call cap is reached, and another when that freezes the key', async () => {
  await settings({ callsPerMinute: 0, freezeOnCap: false })
  await refused('call-cap-minute')
  const capped = await until('its line', async () => {
    const alarms = raised(printed)
    return alarms.length > 0 && alarms
  })
  expect(capped).toEqual(['CappedCalls'])
  await settings({ freezeOnCap: true })
  await refused('key-frozen')
  await until('the line of the freeze', async () => raised(printed).includes('FrozenKeys'))
  expect(raised(printed).sort()).toEqual(['CappedCalls', 'FrozenKeys'])
})

test('puts the event of the freeze on the event bus of the deployment, though the site has no webhook', async () => {
  const Put = v.object({
    Entries: v.array(
      v.object({ EventBusName: v.string(), Source: v.string(), DetailType: v.string(), Detail: v.string() }),
    ),
  })
  const entries = await until('the entry', async () => {
    const all = puts.flatMap((input) => v.parse(Put, input).Entries)
    return all.some(({ DetailType }) => DetailType === 'key.frozen') && all
  })
  const { Detail, ...entry } = entries.find(({ DetailType }) => DetailType === 'key.frozen') ?? { Detail: '{}' }
  expect(entry).toEqual({ EventBusName: 'switchhook', Source: 'office', DetailType: 'key.frozen' })
  expect(v.safeParse(WebhookEvent, JSON.parse(Detail)).success, Detail).toBe(true)
})

test('people are told by e-mail that the PBX of a site is down', async () => {
  const since = new Date().toISOString()
  const { data: _data, ...envelope } = endpointFact('office', [2, 1], '5860', 'NOT_INUSE')
  const data = { run: 'r', pbx: 'down', pbxSince: since, counters: {} }
  await deployment.send(office, 'live', [{ ...envelope, subject: 'office', type: 'switchhook.heartbeat.v1', data }])
  const [mail] = await until('the message of the topic', async () => mails.length > 0 && mails)
  expect(mail).toMatchObject({
    topic: 'switchhook-dev-outages',
    to: ['ops@example.org'],
    subject: 'Switchhook office: PBX down',
    message: expect.stringContaining(`Since: ${since}`),
    attributes: { site: 'office', type: 'pbx.down' },
  })
})

test('raises no alarm for calls that are refused for other reasons', async () => {
  const others = printed.filter(({ line }) => !line.includes('"outcome":"call-cap"'))
  expect(others.some(({ line }) => line.includes('"errorId":"key-frozen"'))).toBe(true)
  expect(raised(others)).toEqual([])
})

test('raises an alarm for the line of a lookup that a site’s cap refused', () => {
  const group = properties('AWS::Logs::MetricFilter', Filter).find(({ FilterPattern }) =>
    /lookup-cap/.test(FilterPattern),
  )
  const line = JSON.stringify({ level: 'error', outcome: 'lookup-cap', site: 'office' })
  const named = group?.LogGroupName.replace('/aws/lambda/', '') ?? ''
  expect(named).toMatch(/-gradeLookups$/)
  expect(raised([{ function: named, line }])).toEqual(['CappedLookups'])
})

test.each([
  ['toll fraud', 'fraud-suspected', 'SuspectedFraud'],
  ['guesses of passwords', 'security-attack', 'Attacks'],
])('raises an alarm for the line of %s', (_, outcome, metric) => {
  const filter = properties('AWS::Logs::MetricFilter', Filter).find(({ FilterPattern }) =>
    FilterPattern.includes(outcome),
  )
  const logs = filter?.LogGroupName.replace('/aws/lambda/', '') ?? ''
  expect(logs).toMatch(/-publishEvents$/)
  expect(raised([{ function: logs, line: JSON.stringify({ level: 'warn', outcome, site: 'office' }) }])).toEqual([
    metric,
  ])
})
