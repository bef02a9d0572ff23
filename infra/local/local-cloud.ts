import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { Statement } from './access/policy.ts'
import { type Credentials, type Decision, loadAccessKey, loadRoles } from './access/roles.ts'
import { Sts } from './access/sts.ts'
import { serveApis } from './api/apis.ts'
import { createClock } from './clock.ts'
import { openDataFolder, requireNode } from './data-folder.ts'
import { LocalCloudError } from './errors.ts'
import { connectEventRules } from './events/event-rules.ts'
import { QueuePoller } from './events/event-source.ts'
import { readEventSources } from './events/event-source-settings.ts'
import { startSchedules } from './events/schedule.ts'
import type { PoolLimits } from './functions/function-pool.ts'
import { findSetpriv } from './functions/function-process.ts'
import { loadFunctions } from './functions/functions.ts'
import type { Outcome } from './functions/outcome.ts'
import { createListeners } from './listeners.ts'
import type { Log } from './log.ts'
import { listenOnLoopback } from './loopback-server.ts'
import { createEventBuses } from './services/event-bus.ts'
import { createFaults, type Faults } from './services/faults.ts'
import { createBuckets, startObjectEmulator } from './services/object-emulator.ts'
import { startQueueEmulator } from './services/queue-emulator.ts'
import { createQueues } from './services/queues.ts'
import { createRequestProxy } from './services/request-proxy.ts'
import { openSecrets } from './services/secrets.ts'
import type { ServiceCall } from './services/service-call.ts'
import { startTableEmulator } from './services/table-emulator.ts'
import { createTables, hashKeys } from './services/tables.ts'
import { startExpiry } from './services/time-to-live.ts'
import { createTopics, type TopicMessage } from './services/topics.ts'
import { createIntrinsics, type Intrinsics } from './template/intrinsics.ts'
import { account, createStackNames } from './template/names.ts'
import { createStackResources } from './template/resources.ts'
import { loadStack, loadTemplate } from './template/template.ts'

export interface LocalCloudOptions {
  /** The folder with the template and zips of `serverless package`: `.serverless`. */
  packageFolder: string
  /** Holds tables, queues, objects and secrets; the next start continues with them. */
  dataFolder: string
  /** Holds the unpacked functions and their compiled code; local clouds may share it. The default is in `dataFolder`. */
  codeFolder?: string
  /** Ports to listen on; a free one for each that is not given. Queue URLs contain the port `aws`. */
  ports?: { http?: number; socket?: number; aws?: number }
  /** Speed of AWS's long waits: at 60 an hour passes in a minute for idle connections, cached authorizers, schedules and time to live. */
  clockScale?: number
  /** Parameters of the template; the others have their defaults. */
  parameters?: Readonly<Record<string, string>>
  /** The default is the region of the package. */
  region?: string
  log?: Log
  limits?: Partial<PoolLimits>
}

export interface LocalCloud extends AsyncDisposable {
  httpUrl: string
  /** `ws://127.0.0.1:PORT/STAGE` */
  socketUrl: string
  endpoints: { dynamodb: string; sqs: string; ssm: string; s3: string }
  region: string
  /** Returns credentials of a role, given by its logical id. The role 'operator' may do everything, like the person who deploys. */
  credentials(role: string, tags?: Record<string, string>): Credentials
  /** Returns the value of `Ref` for a resource: a queue's URL, a table's name. */
  ref(logicalId: string): string
  /** Returns the value of `Fn::GetAtt`. */
  attribute(logicalId: string, name: string): string
  putSecret(name: string, value: string): Promise<void>
  putSecretIfAbsent(name: string, value: string): Promise<void>
  /** Invokes a function, given by its logical id, name or name in serverless.yml. */
  invoke(name: string, event: unknown): Promise<Outcome & { requestId: string }>
  faults: Pick<Faults, 'add'>
  /** Calls `listener` for each line that a function prints; returns the function that removes the listener. */
  onFunctionLine(listener: (line: FunctionLine) => void): () => void
  /** Calls `listener` for each authorized request to DynamoDB, SQS and SSM; returns the function that removes the listener. */
  onServiceCall(listener: (call: ServiceCall) => void): () => void
  /** Calls `listener` for each permission that a request of a role needed; returns the function that removes the listener. */
  onDecision(listener: (decision: Decision) => void): () => void
  /** Calls `listener` for each message that is published to a topic; returns the function that removes the listener. */
  onTopicMessage(listener: (message: TopicMessage) => void): () => void
  /** Statements of the policies of each role, by its logical id, with the values of all intrinsic functions. */
  statements: ReadonlyMap<string, readonly Statement[]>
  stop(): Promise<void>
}

export interface FunctionLine {
  /** The function's full name. */
  function: string
  line: string
}

const limitsDefault: PoolLimits = { processesPerFunction: 10, idleMsMax: 2 * 60 * 1000, timeoutScale: 1 }

/** Longer than a function stays idle, so that its connections are still open when it is thawed. */
const keepAliveTimeout = 10 * 60 * 1000

/** Starts everything that the package describes. If one part cannot start, the parts that did are stopped again. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  await using unfinished = new AsyncDisposableStack()
  const cloud = await start(options, unfinished)
  const started = unfinished.move()
  const stop = () => started.disposeAsync()
  return { ...cloud, stop, [Symbol.asyncDispose]: stop }
}

async function start(
  options: LocalCloudOptions,
  started: AsyncDisposableStack,
): Promise<Omit<LocalCloud, 'stop' | typeof Symbol.asyncDispose>> {
  const { packageFolder, dataFolder, ports = {}, clockScale = 1, log = () => undefined } = options
  const { codeFolder = join(dataFolder, 'code') } = options
  requireNode()
  const template = await loadTemplate(packageFolder, options.parameters)
  const packaged = await loadStack(packageFolder)
  const stack = { ...packaged, region: options.region ?? packaged.region }
  const { region } = stack
  const clock = createClock(clockScale)
  const stopLater = <T extends { stop(): void | Promise<void> }>(part: T): T => {
    started.defer(() => part.stop())
    return part
  }

  stopLater(await openDataFolder(dataFolder))
  // Listen first: the results of the template's intrinsic functions contain the ports.
  const http = stopLater(await listenOnLoopback(ports.http ?? 0, 'HTTP API', undefined, { maxHeaderSize: 65_536 }))
  const socket = stopLater(await listenOnLoopback(ports.socket ?? 0, 'WebSocket API', undefined, { keepAliveTimeout }))
  const aws = stopLater(
    await listenOnLoopback(ports.aws ?? 0, 'endpoint of DynamoDB, SQS, S3 and SSM', undefined, { keepAliveTimeout }),
  )
  const httpUrl = `http://127.0.0.1:${http.port}`
  const socketOrigin = `ws://127.0.0.1:${socket.port}`
  const awsUrl = `http://127.0.0.1:${aws.port}`
  const names = createStackNames(template, stack, { httpUrl, socketOrigin, awsUrl }, () => intrinsics)
  const intrinsics: Intrinsics = createIntrinsics(template, pseudoParameters(stack), names)
  const resources = createStackResources(template, intrinsics)

  const emulators = {
    dynamodb: stopLater(await startTableEmulator(join(dataFolder, 'tables'), region, log)),
    sqs: stopLater(
      await startQueueEmulator({ dataFolder: join(dataFolder, 'queues'), region, host: `127.0.0.1:${aws.port}` }),
    ),
    ssm: stopLater(await openSecrets(dataFolder, region, account)),
    events: createEventBuses(region),
  }
  const objects = stopLater(await startObjectEmulator(join(dataFolder, 'objects'), region))
  const key = await loadAccessKey(dataFolder)
  const decisions = createListeners<Decision>()
  const roles = loadRoles(resources, names.arn, key, decisions.notify)
  const faults = createFaults()
  const sts = new Sts(roles, key)
  const calls = createListeners<ServiceCall>()
  const messages = createListeners<TopicMessage>()
  aws.server.on(
    'request',
    createRequestProxy({
      emulators,
      objects,
      roles,
      sts,
      topics: createTopics({ resources, names, dataFolder, onMessage: messages.notify, log }),
      region,
      hashKeys: hashKeys(resources, names),
      faults,
      onCall: calls.notify,
      log,
    }),
  )
  const client = { region, endpoint: awsUrl, credentials: roles.credentials('runner') }
  const tables = new DynamoDBClient(client)
  const queues = new SQSClient(client)
  started.defer(() => [tables, queues].forEach((each) => void each.destroy()))
  const expiring = await createTables(resources, names, tables)
  const visibility = await createQueues(resources, names, queues)
  await createBuckets(resources, names, objects)
  started.defer(startExpiry(expiring, tables, clockScale, log))

  const functionLines = createListeners<FunctionLine>()
  const setpriv = await findSetpriv()
  if (!setpriv) log('functions-not-frozen', { reason: 'setpriv is not on this machine' })
  const limits = { ...limitsDefault, ...options.limits }
  const onLine = (name: string, line: string) => functionLines.notify({ function: name, line })
  const functions = stopLater(
    await loadFunctions({
      resources,
      names,
      roles,
      packageFolder,
      codeFolder,
      dataFolder,
      awsUrl,
      stack,
      limits,
      setpriv,
      onLine,
    }),
  )
  const apis = stopLater(serveApis({ resources, names, functions, roles, clock, http, socket, region, log }))
  const urlOf = (arn: string) => `${awsUrl}/${account}/${arn.slice(arn.lastIndexOf(':') + 1)}`
  const sources = readEventSources(resources, functions, { urlOf, visibility }, roles)
  const pollers = sources.map((source) => new QueuePoller(source, emulators.sqs, region, log))
  started.defer(async () => void (await Promise.all(pollers.map((poller) => poller.stop()))))
  for (const poller of pollers) poller.start()
  const send = async (arn: string, body: string) =>
    void (await queues.send(new SendMessageCommand({ QueueUrl: urlOf(arn), MessageBody: body })))
  connectEventRules(emulators.events, resources, names, { function: (arn) => functions.find(arn), send }, log)
  started.defer(startSchedules({ resources, names, functions, clock, region, log }))

  const required = (what: string, value: string | undefined): string => {
    if (value === undefined) throw new LocalCloudError('resource-unknown', `The template has no ${what}.`)
    return value
  }
  return {
    httpUrl,
    socketUrl: `${socketOrigin}/${apis.socketStage}`,
    endpoints: { dynamodb: awsUrl, sqs: awsUrl, ssm: awsUrl, s3: awsUrl },
    region,
    credentials: (role, tags) => roles.credentials(role, 'local', tags),
    ref: (id) => required(`resource ${id}`, names.ref(id)),
    attribute: (id, name) => required(`${id}.${name}`, names.attribute(id, name)),
    putSecret: async (name, value) => void (await emulators.ssm.put(name, value)),
    putSecretIfAbsent: emulators.ssm.putIfAbsent,
    invoke: (name, event) => {
      const found = functions.find(name)
      if (!found) throw new LocalCloudError('resource-unknown', `The template has no function ${name}.`)
      return found.invoke(event)
    },
    faults,
    onFunctionLine: functionLines.add,
    onServiceCall: calls.add,
    onDecision: decisions.add,
    onTopicMessage: messages.add,
    statements: roles.statements,
  }
}

function pseudoParameters(stack: { name: string; region: string }): Record<string, string> {
  return {
    'AWS::AccountId': account,
    'AWS::Region': stack.region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stack.name,
    'AWS::StackId': `arn:aws:cloudformation:${stack.region}:${account}:stack/${stack.name}/local`,
  }
}
