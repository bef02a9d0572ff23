import { join } from 'node:path'
import * as v from 'valibot'
import type { Roles } from '../access/roles.ts'
import type { StackNames } from '../template/names.ts'
import type { StackResources } from '../template/resources.ts'
import type { Stack } from '../template/template.ts'
import { unpackOnce, writeInlineOnce } from './code-folder.ts'
import { functionEnvironment } from './function-environment.ts'
import { FunctionPool, type PoolLimits } from './function-pool.ts'
import type { Outcome } from './outcome.ts'
import { payloadBytesMax } from './runtime-api.ts'

const scalar = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String))
export const FunctionProperties = v.looseObject({
  Handler: v.string(),
  Role: v.string(),
  Code: v.union([v.looseObject({ S3Key: v.string() }), v.looseObject({ ZipFile: v.string() })]),
  MemorySize: v.optional(v.number(), 128),
  Timeout: v.optional(v.number(), 3),
  Environment: v.optional(v.looseObject({ Variables: v.optional(v.record(v.string(), scalar), {}) }), {}),
  ReservedConcurrentExecutions: v.optional(v.number()),
})

export interface LambdaFunction {
  logicalId: string
  name: string
  arn: string
  timeoutMs: number
  roleArn: string
  /** Invokes the function and waits for its outcome; `event` is any value that JSON can hold. */
  invoke(event: unknown): Promise<Outcome & { requestId: string }>
}

export interface Functions {
  /** Finds a function by its ARN, name, logical id or name in serverless.yml. */
  find(name: string): LambdaFunction | undefined
  stop(): Promise<void>
}

/** Unpacks the functions of the package. A function's first process starts at its first invocation. */
export async function loadFunctions(options: {
  resources: StackResources
  names: StackNames
  roles: Roles
  packageFolder: string
  codeFolder: string
  dataFolder: string
  awsUrl: string
  stack: Stack
  limits: PoolLimits
  setpriv: string | undefined
  onLine: (functionName: string, line: string) => void
}): Promise<Functions> {
  const { resources, names, roles, packageFolder, codeFolder, dataFolder, limits, setpriv, onLine } = options
  const found = new Map<string, LambdaFunction>()
  const pools: FunctionPool[] = []
  for (const { logicalId, properties } of resources.ofType('AWS::Lambda::Function', FunctionProperties)) {
    const name = names.ref(logicalId) ?? logicalId
    const arn = names.arn(logicalId) ?? name
    const timeoutMs = properties.Timeout * 1000
    const { Code } = properties
    const isInline = 'ZipFile' in Code
    const taskRoot = isInline
      ? await writeInlineOnce(String(Code.ZipFile), codeFolder)
      : await unpackOnce(packageFolder, Code.S3Key, codeFolder)
    const environment = functionEnvironment({
      name,
      handler: properties.Handler,
      memoryMb: properties.MemorySize,
      variables: properties.Environment.Variables ?? {},
      credentials: roles.credentials(properties.Role, name),
      taskRoot,
      isInline,
      awsUrl: options.awsUrl,
      region: options.stack.region,
    })
    const processesPerFunction = Math.min(
      limits.processesPerFunction,
      properties.ReservedConcurrentExecutions ?? Infinity,
    )
    const pool = new FunctionPool(
      {
        arn,
        timeoutMs: timeoutMs * limits.timeoutScale,
        timeoutScale: limits.timeoutScale,
        memoryMb: properties.MemorySize,
        taskRoot,
        compileCache: join(codeFolder, 'compiled'),
        environment,
        setpriv,
        onLine: (line) => onLine(name, line),
      },
      join(dataFolder, 'tmp'),
      { ...limits, processesPerFunction },
    )
    pools.push(pool)
    const invoke = (event: unknown) => invokeWithin(pool, JSON.stringify(event ?? null))
    const loaded: LambdaFunction = { logicalId, name, arn, timeoutMs, roleArn: properties.Role, invoke }
    const { functionPrefix } = options.stack
    const short = name.startsWith(functionPrefix) ? name.slice(functionPrefix.length) : name
    for (const key of [short, logicalId, name, arn]) found.set(key, loaded)
  }
  return {
    find: (name) => found.get(name),
    stop: async () => {
      await Promise.all(pools.map((pool) => pool.stop()))
    },
  }
}

function invokeWithin(pool: FunctionPool, payload: string): Promise<Outcome & { requestId: string }> {
  if (Buffer.byteLength(payload) <= payloadBytesMax) return pool.invoke(payload)
  const errorMessage = `Request must be smaller than ${payloadBytesMax} bytes for the InvokeFunction operation`
  const error = JSON.stringify({ errorType: 'RequestEntityTooLargeException', errorMessage })
  return Promise.resolve({ requestId: '-', payload: error, functionError: 'Unhandled', isTooLarge: true })
}
