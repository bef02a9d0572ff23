import { createHash } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { codeOf } from '../errors.ts'
import { type Emulator, errorAnswer, jsonAnswer } from './emulator.ts'

const Kept = v.record(v.string(), v.object({ value: v.string(), version: v.number(), changed: v.number() }))
type Kept = v.InferOutput<typeof Kept>

export interface Secrets extends Emulator {
  put(name: string, value: string): Promise<number>
  putIfAbsent(name: string, value: string): Promise<void>
}

/**
 * Serves the part of SSM Parameter Store that functions use: GetParameter, GetParameters and PutParameter of SecureStrings. Only
 * the owner can read the file; it is not encrypted, because the local cloud has no KMS.
 */
export async function openSecrets(dataFolder: string, region: string, account: string): Promise<Secrets> {
  const path = join(dataFolder, 'secrets.json')
  const kept = await load(path)
  let writing: Promise<void> = Promise.resolve()

  async function put(name: string, value: string): Promise<number> {
    const version = (kept[name]?.version ?? 0) + 1
    kept[name] = { value, version, changed: Date.now() }
    const text = JSON.stringify(kept)
    // One write at a time; each file is complete before it replaces the last one.
    writing = writing.then(async () => {
      await writeFile(`${path}.new`, text, { mode: 0o600 })
      await rename(`${path}.new`, path)
    })
    await writing
    return version
  }

  // Without decryption Parameter Store returns the ciphertext, which a function cannot use.
  const parameter = (name: string, decrypted: boolean) => {
    const found = kept[name]
    if (!found) return undefined
    const arn = `arn:aws:ssm:${region}:${account}:parameter/${name.replace(/^\//, '')}`
    const { value, version, changed } = found
    return {
      Name: name,
      Type: 'SecureString',
      Value: decrypted ? value : `AQICAH${createHash('sha256').update(value).digest('base64')}`,
      Version: version,
      LastModifiedDate: changed / 1000,
      ARN: arn,
      DataType: 'text',
    }
  }

  return {
    put,
    async putIfAbsent(name, value) {
      if (kept[name] === undefined) await put(name, value)
    },
    async call(headers, body) {
      const input = v.parse(Input, JSON.parse(body.toString() || '{}'))
      switch (headers['x-amz-target']) {
        case 'AmazonSSM.GetParameter': {
          const found = parameter(input.Name, input.WithDecryption)
          return found ? jsonAnswer({ Parameter: found }) : errorAnswer(400, 'ParameterNotFound', '')
        }
        case 'AmazonSSM.GetParameters': {
          const found = input.Names.map((name) => ({ name, value: parameter(name, input.WithDecryption) }))
          return jsonAnswer({
            Parameters: found.flatMap(({ value }) => value ?? []),
            InvalidParameters: found.filter(({ value }) => !value).map(({ name }) => name),
          })
        }
        case 'AmazonSSM.PutParameter': {
          if (kept[input.Name] && !input.Overwrite) {
            return errorAnswer(400, 'ParameterAlreadyExists', 'The parameter already exists.')
          }
          return jsonAnswer({ Version: await put(input.Name, input.Value), Tier: 'Standard' })
        }
        default:
          return errorAnswer(
            400,
            'UnknownOperationException',
            `The local cloud does not support ${headers['x-amz-target']}.`,
          )
      }
    },
    stop: () => writing,
  }
}

const Input = v.looseObject({
  Name: v.optional(v.string(), ''),
  Names: v.optional(v.array(v.string()), []),
  Value: v.optional(v.string(), ''),
  Overwrite: v.optional(v.boolean(), false),
  WithDecryption: v.optional(v.boolean(), false),
})

async function load(path: string): Promise<Kept> {
  try {
    return v.parse(Kept, JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return {}
    throw cause
  }
}
