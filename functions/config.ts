/** The environment is read here alone; infra/ sets each name for the functions whose code asks for it. */
const names = [
  'STAGE',
  'TABLE_RECORDS',
  'TABLE_LIVE',
  'TABLE_ACCESS',
  'TABLE_AUDIT',
  'TABLE_PEOPLE',
  'SECRETS_PARAMETER',
  'SOCKET_ENDPOINT',
  'AWS_REGION',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'BRIDGE_ROLE',
  'QUEUE_LIVE',
  'QUEUE_FAN_OUT',
  'QUEUE_RECORDS',
  'DEAD_RECORDS',
  'DEAD_LIVE',
  'QUEUE_WATCH',
  'BUCKET_EXPORTS',
] as const
export type ConfigName = (typeof names)[number]

/** The wanted settings; all that are missing are named at once, and no value is ever printed. */
export function config<const Wanted extends ConfigName>(...wanted: Wanted[]): Record<Wanted, string> {
  const found: Partial<Record<ConfigName, string>> = {}
  for (const name of wanted) {
    const value = process.env[name]
    if (value) found[name] = value
  }
  if (!hasAll(found, wanted)) {
    const missing = wanted.filter((name) => !found[name])
    throw new Error(`environment lacks ${missing.join(', ')}: deploy with the template of this version`)
  }
  return found
}

function hasAll<Wanted extends ConfigName>(
  found: Partial<Record<ConfigName, string>>,
  wanted: Wanted[],
): found is Record<Wanted, string> {
  return wanted.every((name) => found[name] !== undefined)
}

/** Who the function is, as Lambda itself tells it: the credentials of its role, for the life of the process. */
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
