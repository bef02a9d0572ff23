import { SwitchhookError } from '../contracts/errors.ts'

/** Environment variables. Only this module reads them; infra/ sets each one for the functions that use it. */
const names = [
  'STAGE',
  'TABLE_RECORDS',
  'TABLE_LIVE',
  'TABLE_ACCESS',
  'TABLE_AUDIT',
  'TABLE_PEOPLE',
  'TABLE_WEBHOOKS',
  'SECRETS_PARAMETER',
  'DATA_KEYS_PARAMETER',
  'SOCKET_ENDPOINT',
  'AWS_REGION',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'BRIDGE_ROLE',
  'QUEUE_LIVE',
  'QUEUE_FAN_OUT',
  'QUEUE_RECORDS',
  'DEAD_EVENTS',
  'DEAD_RECORDS',
  'DEAD_LIVE',
  'QUEUE_WATCH',
  'QUEUE_EVENTS',
  'QUEUE_DELIVERIES',
  'QUEUE_SLOW_DELIVERIES',
  'TOPIC_OUTAGES',
  'OWN_HOSTS',
  'BUCKET_EXPORTS',
  'WAITS_MAX',
] as const
export type ConfigName = (typeof names)[number]

/** An environment variable that the function needs is not set. */
export class ConfigError extends SwitchhookError {
  readonly errorId = 'config-incomplete'
}

/** Returns the wanted settings. The error names all that are missing, and never prints a value. */
export function config<const Wanted extends ConfigName>(...wanted: Wanted[]): Record<Wanted, string> {
  const found: Partial<Record<ConfigName, string>> = {}
  for (const name of wanted) {
    const value = process.env[name]
    if (value) found[name] = value
  }
  if (!hasAll(found, wanted)) {
    const missing = wanted.filter((name) => !found[name])
    throw new ConfigError(
      `missing environment variables: ${missing.join(', ')}. Deploy with the template of this version.`,
    )
  }
  return found
}

/** Returns the name of the deployment's event bus, if it has one. */
export function eventBusName(): string | undefined {
  return process.env['EVENT_BUS'] || undefined
}

/** Returns the address of EventBridge. The local cloud sets its own, by the variable that AWS's SDKs read. */
export function eventBridgeEndpoint(region: string): string {
  return process.env['AWS_ENDPOINT_URL_EVENTBRIDGE'] || `https://events.${region}.amazonaws.com`
}

/** Returns the address of SNS, or of the local cloud. */
export function topicEndpoint(region: string): string {
  return process.env['AWS_ENDPOINT_URL_SNS'] || `https://sns.${region}.amazonaws.com`
}

/** Whether webhooks may go to this machine, by http too. Only the local cloud sets it; docs/webhooks.md says how to use it. */
export function allowsLocalTargets(): boolean {
  return process.env['WEBHOOKS_TO_LOOPBACK'] === 'allowed'
}

function hasAll<Wanted extends ConfigName>(
  found: Partial<Record<ConfigName, string>>,
  wanted: Wanted[],
): found is Record<Wanted, string> {
  return wanted.every((name) => found[name] !== undefined)
}

/** Returns the region and the credentials of the function's role, which Lambda sets for the life of the process. */
export function functionIdentity(): {
  region: string
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
} {
  const env = config('AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY')
  const sessionToken = process.env['AWS_SESSION_TOKEN']
  return {
    region: env.AWS_REGION,
    accessKeyId: env.AWS_ACCESS_KEY_ID,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    ...(sessionToken && { sessionToken }),
  }
}
