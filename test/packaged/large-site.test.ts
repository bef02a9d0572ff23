import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postsPerSecondMax } from '../../contracts/limits.ts'
import { keys } from '../../functions/stores/table-keys.ts'
import { loadTemplate, type Template } from '../../infra/local/template/template.ts'
import { startReplay } from '../../infra/replay/replay.ts'
import { BridgeProcess } from '../../infra/start/bridge-process.ts'
import { makeSite, newCode } from '../../infra/start/make-site.ts'
import { type Deployment, deploy } from '../support/deployment.ts'
import { until } from '../support/until.ts'

/*
 * Goal: a site with many subscribers works: its bridge gets a slower pace and applies it, and every alarm watches something
 * that exists.
 * Method: 700 subscribers whose sockets are gone, the packaged functions, and the bridge in a process of its own before a
 * replayed PBX. The first fan-out posts to 500 itself and to 200 through the queue `fan-out`, and finds them gone.
 */
const site = 'large'
const subscribers = 700

const parts = new AsyncDisposableStack()
const lines: { function: string; fields: Record<string, unknown> }[] = []
let deployment: Deployment
let folder: string
beforeAll(async () => {
  deployment = parts.use(await deploy())
  parts.defer(
    deployment.cloud.onFunctionLine(({ function: name, line }) => lines.push({ function: name, fields: jsonOf(line) })),
  )
  folder = await mkdtemp(path.join(tmpdir(), 'large-site-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  await makeSite({ site, name: 'Large' }, deployment.cloud)
  const pk = keys.subscriptions(site, 'endpoints')
  const ids = Array.from({ length: subscribers }, (_, n) => `gone-${n}`)
  await Promise.all(ids.map((sk) => deployment.put('LiveTable', { pk, sk, keyId: 'k1', personal: true })))
  const [user, password] = ['bridge', 'a-secret-of-the-test']
  const recordings = ['internal_answered']
  const replay = parts.use(
    await startReplay({ folder: path.join(folder, 'pbx'), recordings, speed: 20, user, password }),
  )
  const bridge = new BridgeProcess({
    program: path.resolve('dist/bridge/switchhook-bridge.mjs'),
    folder,
    newCode: () => newCode(site, deployment.cloud),
    pbx: { ari: { url: replay.ariUrl, user, password }, cdrFile: replay.cdrFile },
    cloud: deployment.cloud,
  })
  parts.defer(() => bridge.stop())
  await bridge.start()
})
afterAll(() => parts.disposeAsync())

/** Lines that are not JSON are those of Lambda's runtime. */
function jsonOf(line: string): Record<string, unknown> {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.unknown())), line)
  return read.success ? read.output : {}
}

test('sends the bridge of a site with many subscribers a longer time between messages, which the bridge applies', async () => {
  const paceMs = (subscribers * 1_000) / postsPerSecondMax
  const said = await until('the bridge to say its pace', async () => {
    const log = await readFile(path.join(folder, 'bridge.log'), 'utf8')
    return log
      .split('\n')
      .map(jsonOf)
      .find(({ event }) => event === 'pace')
  })
  expect(said).toMatchObject({ paceMs })
})

const Transformation = v.object({
  MetricNamespace: v.string(),
  MetricName: v.string(),
  MetricValue: v.string(),
  Unit: v.string(),
})
const Filter = v.object({
  LogGroupName: v.string(),
  FilterPattern: v.string(),
  MetricTransformations: v.tuple([Transformation]),
})
const Alarm = v.looseObject({
  AlarmDescription: v.string(),
  Namespace: v.string(),
  MetricName: v.string(),
  Dimensions: v.optional(v.array(v.object({ Name: v.string(), Value: v.unknown() }))),
  AlarmActions: v.array(v.unknown()),
})
const ofType = ({ Resources }: Template, type: string) =>
  Object.values(Resources).flatMap(({ Type, Properties }) => (Type === type ? [Properties] : []))

test('each alarm watches a queue that exists or a field that a function logs', async () => {
  const template = await loadTemplate(path.resolve('.serverless'))
  const filters = ofType(template, 'AWS::Logs::MetricFilter').map((one) => v.parse(Filter, one))
  const alarms = ofType(template, 'AWS::CloudWatch::Alarm').map((one) => v.parse(Alarm, one))
  const made = filters.map(
    ({ MetricTransformations: [{ MetricNamespace, MetricName }] }) => `${MetricNamespace} ${MetricName}`,
  )
  const watched = alarms.filter(({ Namespace }) => !Namespace.startsWith('AWS/'))
  expect(watched.map(({ Namespace, MetricName }) => `${Namespace} ${MetricName}`).sort()).toEqual(made.sort())
  for (const { Namespace, MetricName, Dimensions = [] } of alarms.filter((one) => !watched.includes(one))) {
    expect(Namespace).toBe('AWS/SQS')
    expect(['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible']).toContain(MetricName)
    expect(Dimensions).toHaveLength(1)
    const [queue, attribute] = v.parse(
      v.object({ 'Fn::GetAtt': v.tuple([v.string(), v.string()]) }),
      Dimensions[0]?.Value,
    )['Fn::GetAtt']
    expect([template.Resources[queue]?.Type, attribute]).toEqual(['AWS::SQS::Queue', 'QueueName'])
  }
  // The other alarms count lines; test/packaged/alarms.test.ts tests them.
  const numbers = filters.filter(({ MetricTransformations: [{ MetricValue }] }) => MetricValue.startsWith('$.'))
  expect(numbers.length).toBeGreaterThan(0)
  for (const { LogGroupName, FilterPattern, MetricTransformations } of numbers) {
    const [, outcome] = /^\{ \$\.outcome = "([a-z-]+)" \}$/.exec(FilterPattern) ?? []
    const field = MetricTransformations[0].MetricValue.slice(2)
    const named = LogGroupName.replace('/aws/lambda/', '')
    const line = await until(`a line ${outcome} of ${named}`, async () =>
      lines.find(({ function: name, fields }) => name === named && fields['outcome'] === outcome),
    )
    expect(line.fields[field], `${named} ${field}`).toEqual(expect.any(Number))
  }
})
