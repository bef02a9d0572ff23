import { fileURLToPath } from 'node:url'
import type { Credentials } from '../access/roles.ts'
import { LocalCloudError } from '../errors.ts'

/** "Lambda quotas": names and values of all environment variables of a function together. */
const variablesBytesMax = 4096

/** Lambda's runtime has the SDK; here it is that of this repository. */
const runtimeModules = fileURLToPath(new URL('../../../node_modules', import.meta.url))

/** Names that Lambda reserves ("Reserved environment variables"); Lambda rejects a template that sets one. */
const reserved =
  /^(AWS_REGION|AWS_DEFAULT_REGION|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|AWS_LAMBDA_.*|_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_.*|AWS_EXECUTION_ENV)$/

/**
 * Returns a function's whole environment: the template's variables and those that Lambda adds. The environment of this process is
 * not inherited, so that a function cannot depend on this machine.
 */
export function functionEnvironment(options: {
  name: string
  handler: string
  memoryMb: number
  variables: Readonly<Record<string, string>>
  credentials: Credentials
  taskRoot: string
  /** Its code is a text in the template, which finds AWS's SDK in the runtime. */
  isInline?: boolean
  awsUrl: string
  region: string
}): Record<string, string> {
  const { name, variables, credentials, region, awsUrl } = options
  const bytes = Object.entries(variables).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0)
  if (bytes > variablesBytesMax) {
    const message = `The environment of ${name} has ${bytes} bytes, and Lambda allows ${variablesBytesMax}: shorten it.`
    throw new LocalCloudError('environment-too-large', message)
  }
  const forbidden = Object.keys(variables).filter((key) => reserved.test(key))
  if (forbidden.length > 0) {
    const message = `The environment of ${name} sets ${forbidden.join(', ')}, which Lambda reserves: rename it.`
    throw new LocalCloudError('environment-reserved', message)
  }
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    ...variables,
    _HANDLER: options.handler,
    LAMBDA_TASK_ROOT: options.taskRoot,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(options.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL_DYNAMODB: awsUrl,
    AWS_ENDPOINT_URL_SQS: awsUrl,
    AWS_ENDPOINT_URL_S3: awsUrl,
    AWS_ENDPOINT_URL_SSM: awsUrl,
    AWS_ENDPOINT_URL_STS: awsUrl,
    AWS_ENDPOINT_URL_EVENTBRIDGE: awsUrl,
    AWS_ENDPOINT_URL_SNS: awsUrl,
    ...(options.isInline && { NODE_PATH: runtimeModules }),
    // Receivers of webhooks run on this machine too.
    WEBHOOKS_TO_LOOPBACK: 'allowed',
  }
}
