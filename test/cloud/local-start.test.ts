import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requireNode } from '../../infra/local/data-folder.ts'
import { LocalCloudError } from '../../infra/local/errors.ts'
import { startLocalCloud } from '../../infra/local/local-cloud.ts'
import { listenOnLoopback } from '../../infra/local/loopback-server.ts'
import { changedFixture, packagedFixture, runFixture } from './local-fixture/packaged-fixture.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'local-cloud-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Returns the error that stops the start. */
async function startError(options: Partial<Parameters<typeof startLocalCloud>[0]>): Promise<LocalCloudError> {
  const packageFolder = await packagedFixture()
  const error = await startLocalCloud({ packageFolder, dataFolder: join(folder, 'data'), ...options }).then(
    async (cloud) => {
      await cloud.stop()
      return undefined
    },
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(LocalCloudError)
  return error as LocalCloudError
}

test('if the package folder does not exist, the error says to run `npm run package`', async () => {
  const error = await startError({ packageFolder: join(folder, 'nowhere') })
  expect(error.errorId).toBe('package-absent')
  expect(error.message).toMatch(/nowhere.*does not exist: run `npm run package` first\.$/)
  expect(error.shouldRetry()).toBe(false)
})

test('if the package is damaged, the error says to run `npm run package` again', async () => {
  await using changed = await changedFixture(() => undefined)
  await writeFile(join(changed.packageFolder, 'echo.zip'), 'text of more than 22 bytes, which no zip starts with')
  expect((await startError({ packageFolder: changed.packageFolder })).message).toMatch(
    /echo\.zip cannot be unpacked.*run `npm run package` again\.$/,
  )
  await rm(join(changed.packageFolder, 'echo.zip'))
  expect((await startError({ packageFolder: changed.packageFolder })).errorId).toBe('package-absent')
  await writeFile(join(changed.packageFolder, 'cloudformation-template-update-stack.json'), '{')
  expect((await startError({ packageFolder: changed.packageFolder })).errorId).toBe('package-damaged')
})

test('if a port is in use, the error names the port and what it is for', async () => {
  const other = await listenOnLoopback(0, 'test')
  const error = await startError({ ports: { http: other.port } })
  expect(error.errorId).toBe('port-in-use')
  expect(error.message).toBe(
    `Port ${other.port} for the HTTP API is in use: stop the program that listens there or choose another port.`,
  )
  await other.stop()
})

test('rejects a data folder that is not writable or in use by another local cloud', async () => {
  await writeFile(join(folder, 'file'), '')
  const error = await startError({ dataFolder: join(folder, 'file', 'data') })
  expect(error.errorId).toBe('data-folder-not-writable')
  expect(error.message).toMatch(/make it writable or choose another\.$/)
  await using fixture = await runFixture()
  const second = await startError({ dataFolder: fixture.dataFolder })
  expect(second.errorId).toBe('data-folder-in-use')
  expect(second.message).toMatch(/is in use by another local cloud: stop that one or choose another folder\.$/)
})

test('rejects a data folder with a table that has other keys than the template', async () => {
  await using fixture = await runFixture()
  await fixture.cloud.stop()
  await using changed = await changedFixture(({ NotesTable: table }) => {
    table?.Properties.KeySchema.pop()
    table?.Properties.AttributeDefinitions.pop()
  })
  const error = await startError({ packageFolder: changed.packageFolder, dataFolder: fixture.dataFolder })
  expect(error.message).toMatch(
    /fixture-notes has other keys or indexes.*delete the folder to start with empty tables\.$/,
  )
})

test('refuses to start on a version of Node before 24', () => {
  expect(() => requireNode('22.11.0')).toThrow(
    /runs on Node 24 or later, and this is 22\.11\.0: start it with `npm start`/,
  )
  expect(() => requireNode('24.0.0')).not.toThrow()
})

test('if a part cannot start, closes the ports that were already open', async () => {
  const port = await listenOnLoopback(0, 'test')
  await port.stop()
  await using changed = await changedFixture(({ ConsumeEventSourceMappingSQSWorkQueue: mapping }) => {
    if (mapping) mapping.Properties.BatchSize = 100
  })
  await startError({ packageFolder: changed.packageFolder, ports: { http: port.port } })
  const again = await listenOnLoopback(port.port, 'test')
  await again.stop()
})

test.each([
  [
    'a visibility time-out below the function time-out',
    { PlainQueue: { VisibilityTimeout: 0 } },
    /Queue visibility timeout: 0 seconds is less than Function timeout: 4 seconds/,
  ],
  [
    'a large batch without a window',
    { ConsumePlainEventSourceMappingSQSPlainQueue: { BatchSize: 11 } },
    /needs a MaximumBatchingWindowInSeconds/,
  ],
  [
    'a filter',
    { ConsumePlainEventSourceMappingSQSPlainQueue: { FilterCriteria: { Filters: [] } } },
    /FilterCriteria.*is not supported/,
  ],
  [
    'a concurrency of one',
    { ConsumePlainEventSourceMappingSQSPlainQueue: { ScalingConfig: { MaximumConcurrency: 1 } } },
    /MaximumConcurrency/,
  ],
  [
    'a consumer whose role may not receive messages',
    { ConsumeRole: { Policies: [] } },
    /does not have permissions to call ReceiveMessage on SQS/,
  ],
  [
    'an environment over 4 KB',
    { EchoLambdaFunction: { Environment: { Variables: { A: 'x'.repeat(4096) } } } },
    /has 4097 bytes, and Lambda allows 4096/,
  ],
  [
    'a reserved variable',
    { EchoLambdaFunction: { Environment: { Variables: { AWS_REGION: 'x' } } } },
    /sets AWS_REGION, which Lambda reserves/,
  ],
  [
    'a value that cannot be resolved',
    { EchoLambdaFunction: { Environment: { Variables: { A: { Ref: 'Gone' } } } } },
    /Ref Gone at EchoLambdaFunction\.Properties\.Environment\.Variables\.A/,
  ],
  [
    'an unsupported condition key',
    {
      EchoRole: {
        Policies: [
          {
            PolicyName: 'x',
            PolicyDocument: {
              Statement: {
                Effect: 'Allow',
                Action: '*',
                Resource: '*',
                Condition: { StringEquals: { 'aws:SourceIp': '1' } },
              },
            },
          },
        ],
      },
    },
    /EchoRole.*condition key that the local cloud does not support/,
  ],
  [
    'a schedule that is not valid',
    { TickEventsRuleSchedule1: { ScheduleExpression: 'cron(0 12 * * *)' } },
    /schedule cron\(0 12 \* \* \*\) is not valid/,
  ],
  [
    'a JWT authorizer',
    { HttpApiRouteGetGuarded: { AuthorizationType: 'JWT', AuthorizerId: 'none' } },
    /uses JWT authorization/,
  ],
])('rejects a template with %s', async (_name, changes, message) => {
  await using changed = await changedFixture((resources) => {
    for (const [id, properties] of Object.entries(changes)) Object.assign(resources[id]?.Properties, properties)
  })
  expect((await startError({ packageFolder: changed.packageFolder })).message).toMatch(message)
})

test('starts if all event source mappings and scheduled rules of the template are disabled', async () => {
  await using changed = await changedFixture((resources) => {
    for (const { Type, Properties } of Object.values(resources)) {
      if (Type === 'AWS::Lambda::EventSourceMapping') Properties.Enabled = false
      if (Type === 'AWS::Events::Rule') Properties.State = 'DISABLED'
    }
  })
  await using fixture = await runFixture({ packageFolder: changed.packageFolder })
  await fixture.cloud.invoke('act', { act: 'send', queueUrl: fixture.cloud.ref('WorkQueue'), body: '{}' })
  expect(await (await fetch(`${fixture.cloud.httpUrl}/echo/fixed`)).json()).toBeDefined()
})
