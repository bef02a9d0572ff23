import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SQSClient } from '@aws-sdk/client-sqs'
import { accessKey, type Credentials, loadRoles } from './access/roles.ts'
import { Sts } from './access/sts.ts'
import { serveApis } from './api/apis.ts'
import { createClock } from './clock.ts'
import { requireNode, takeDataFolder } from './data-folder.ts'
import { LocalCloudError } from './errors.ts'
import { QueuePoller } from './events/event-source.ts'
import { readEventSources } from './events/event-source-settings.ts'
import { startSchedules } from './events/schedule.ts'
import { loadFunctions } from './functions/functions.ts'
import type { Outcome } from './functions/outcome.ts'
import { findGuard } from './functions/process-guard.ts'
import { createListeners } from './listeners.ts'
import type { Log } from './log.ts'
import { listenOnLoopback } from './loopback-server.ts'
import { createBuckets } from './services/buckets.ts'
import { createFaults, type Faults } from './services/faults.ts'
import { startObjectEmulator } from './services/object-emulator.ts'
import { startQueueEmulator } from './services/queue-emulator.ts'
import { createQueues } from './services/queues.ts'
import { createRequestProxy } from './services/request-proxy.ts'
import { openSecrets } from './services/secrets.ts'
import type { ServiceCall } from './services/service-call.ts'
import { startTableEmulator } from './services/table-emulator.ts'
import { createTables, hashKeys } from './services/tables.ts'
import { startExpiry } from './services/time-to-live.ts'
import { createIntrinsics, type Intrinsics } from './template/intrinsics.ts'
import { account, createStackNames } from './template/names.ts'
import { createStackResources } from './template/resources.ts'
import { loadStack, loadTemplate } from './template/template.ts'

export interface LocalCloudOptions {
  /** Where `serverless package` wrote template and zips: `.serverless`. */
  packageFolder: string
  /** Tables, queues, secrets and unpacked functions; whatever stands here is there again at the next start. */
  dataFolder: string
  /** A port not named is a free one. Queue URLs contain that of `aws`. */
  ports?: { http?: number; socket?: number; aws?: number }
  /** How much faster than real AWS's long waits pass: idle connections, cached authorizers, schedules, time to live. */
  clockScale?: number
  /** Without it, the one that the package was made for. */
  region?: string
  log?: Log
  limits?: { processesPerFunction?: number; idleMsMax?: number }
}

export interface LocalCloud extends AsyncDisposable {
  httpUrl: string
  /** `ws://127.0.0.1:PORT/STAGE` */
  socketUrl: string
  endpoints: { dynamodb: string; sqs: string; ssm: string; s3: string }
  region: string
  /** Of a role by its logical id, as a process outside gets them; 'operator' may do everything, as the person who deploys. */
  credentials(role: string, tags?: Record<string, string>): Credentials
  /** What `Ref` gives for this resource: a queue's URL, a table's name. */
  ref(logicalId: string): string
  /** What `Fn::GetAtt` gives. */
  attribute(logicalId: string, name: string): string
  putSecret(name: string, value: string): Promise<void>
  /** Invokes a function by logical id, name, or its name in serverless.yml. */
  invoke(name: string, event: unknown): Promise<Outcome & { requestId: string }>
  faults: Pick<Faults, 'add'>
  /** Calls back for each line that a function prints; returns the function that ends it. */
  onFunctionLine(listener: (line: FunctionLine) => void): () => void
  /** The same for each request to a store or queue that its caller has the right to make. */
  onServiceCall(listener: (call: ServiceCall) => void): () => void
  stop(): Promise<void>
}

export interface FunctionLine {
  /** The function's full name. */
  function: string
  line: string
}

const limitsDefault = { processesPerFunction: 10, idleMsMax: 2 * 60 * 1000 }

/** Longer than a function stays idle: one that wakes must not find its connections closed while it was frozen. */
const keepAliveTimeout = 10 * 60 * 1000

/** Starts everything that the package describes; what has begun is stopped again if a later part cannot start. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  await using starting = new AsyncDisposableStack()
  const cloud = await start(options, starting)
  const started = starting.move()
  const stop = () => started.disposeAsync()
  return { ...cloud, stop, [Symbol.asyncDispose]: stop }
}

async function start(
  options: LocalCloudOptions,
  parts: AsyncDisposableStack,
): Promise<Omit<LocalCloud, 'stop' | typeof Symbol.asyncDispose>> {
  const { packageFolder, dataFolder, ports = {}, clockScale = 1, log = () => undefined } = options
  requireNode()
  const template = await loadTemplate(packageFolder)
  const packaged = await loadStack(packageFolder)
  const stack = { ...packaged, region: options.region ?? packaged.region }
  const { region } = stack
  const clock = createClock(clockScale)
  const later = <T extends { stop(): void | Promise<void> }>(part: T): T => {
    parts.defer(() => part.stop())
    return part
  }

  later(await takeDataFolder(dataFolder))
  // Ports first: what listens where is part of what the template's intrinsic functions return.
  const http = later(await listenOnLoopback(ports.http ?? 0, 'HTTP API', undefined, { maxHeaderSize: 65_536 }))
  const socket = later(await listenOnLoopback(ports.socket ?? 0, 'WebSocket API', undefined, { keepAliveTimeout }))
  const aws = later(
    await listenOnLoopback(ports.aws ?? 0, 'endpoint of DynamoDB, SQS, S3 and SSM', undefined, { keepAliveTimeout }),
  )
  const httpUrl = `http://127.0.0.1:${http.port}`
  const socketOrigin = `ws://127.0.0.1:${socket.port}`
  const awsUrl = `http://127.0.0.1:${aws.port}`
  const names = createStackNames(template, stack, { httpUrl, socketOrigin, awsUrl }, () => intrinsics)
  const intrinsics: Intrinsics = createIntrinsics(template, pseudoParameters(stack), names)
  const resources = createStackResources(template, intrinsics)

  const emulators = {
    dynamodb: later(await startTableEmulator(join(dataFolder, 'tables'), region, log)),
    sqs: later(
      await startQueueEmulator({ dataFolder: join(dataFolder, 'queues'), region, host: `127.0.0.1:${aws.port}` }),
    ),
    ssm: later(await openSecrets(dataFolder, region, account)),
  }
  const objects = later(await startObjectEmulator(join(dataFolder, 'objects'), region))
  const key = await accessKey(dataFolder)
  const roles = loadRoles(resources, names.arn, key)
  const faults = createFaults()
  const sts = new Sts(roles, key)
  const asked = { emulators, objects, roles, sts, region, hashKeys: hashKeys(resources, names) }
  const calls = createListeners<ServiceCall>()
  aws.server.on('request', createRequestProxy({ ...asked, faults, onCall: calls.tell, log }))
  const client = { region, endpoint: awsUrl, credentials: roles.credentials('runner') }
  const tables = new DynamoDBClient(client)
  const queues = new SQSClient(client)
  parts.defer(() => [tables, queues].forEach((each) => void each.destroy()))
  const expiring = await createTables(resources, names, tables)
  const visibility = await createQueues(resources, names, queues)
  await createBuckets(resources, names, objects)
  parts.defer(startExpiry(expiring, tables, clockScale, log))

  const functionLines = createListeners<FunctionLine>()
  const guard = await findGuard()
  if (!guard) log('functions-not-frozen', { reason: 'setpriv is not on this machine' })
  const limits = { ...limitsDefault, ...options.limits }
  const onLine = (name: string, line: string) => functionLines.tell({ function: name, line })
  const functions = later(
    await loadFunctions({ resources, names, roles, packageFolder, dataFolder, awsUrl, stack, limits, guard, onLine }),
  )
  const apis = later(serveApis({ resources, names, functions, roles, clock, http, socket, region, log }))
  const urlOf = (arn: string) => `${awsUrl}/${account}/${arn.slice(arn.lastIndexOf(':') + 1)}`
  const sources = readEventSources(resources, functions, { urlOf, visibility }, roles)
  const pollers = sources.map((source) => new QueuePoller(source, emulators.sqs, region, log))
  parts.defer(async () => void (await Promise.all(pollers.map((poller) => poller.stop()))))
  for (const poller of pollers) poller.start()
  parts.defer(startSchedules({ resources, names, functions, clock, region, log }))

  const known = (what: string, value: string | undefined): string => {
    if (value === undefined) throw new LocalCloudError('resource-unknown', `The template has no ${what}.`)
    return value
  }
  return {
    httpUrl,
    socketUrl: `${socketOrigin}/${apis.socketStage}`,
    endpoints: { dynamodb: awsUrl, sqs: awsUrl, ssm: awsUrl, s3: awsUrl },
    region,
    credentials: (role, tags) => roles.credentials(role, 'local', tags),
    ref: (id) => known(`resource ${id}`, names.ref(id)),
    attribute: (id, name) => known(`${id}.${name}`, names.attribute(id, name)),
    putSecret: async (name, value) => void (await emulators.ssm.put(name, value)),
    invoke: (name, event) => {
      const found = functions.find(name)
      if (!found) throw new LocalCloudError('resource-unknown', `The template has no function ${name}.`)
      return found.invoke(event)
    },
    faults,
    onFunctionLine: functionLines.listen,
    onServiceCall: calls.listen,
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
