import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { openCommand, signCommand } from '../../contracts/commands.ts'
import { ClientFrame, ServerFrame } from '../../contracts/frames.ts'
import { openBody, packBody } from '../../contracts/packed-body.ts'
import { openApi } from '../../functions/http/documents/openapi.ts'

/**
 * What crosses a boundary, as it always was: a change of it is a change of these files, to be seen in review. Written anew by
 * `npx vitest run --project pure -u test/pure/contracts-golden-shapes.test.ts`.
 */
const Document = v.looseObject({
  paths: v.record(v.string(), v.record(v.string(), v.looseObject({ operationId: v.string() }))),
  components: v.looseObject({ schemas: v.unknown() }),
})
const { paths, components } = v.parse(Document, JSON.parse(JSON.stringify(openApi('https://api'))))
const shapes = new Map<string, unknown>([['problem', components.schemas]])
for (const [path, methods] of Object.entries(paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    shapes.set(operation.operationId, { route: `${method.toUpperCase()} ${path}`, ...operation })
  }
}
const pretty = (value: unknown) => `${JSON.stringify(value, null, 1)}\n`

test.each([...shapes])('%s of the HTTP API takes and answers what it always did', async (name, shape) => {
  await expect(pretty(shape)).toMatchFileSnapshot(`../golden/http/${name}.json`)
})

test('no golden file is of an operation that is gone', () => {
  const files = readdirSync('test/golden/http').map((file) => file.replace(/\.json$/, ''))
  expect(files.filter((name) => !shapes.has(name))).toEqual([])
})

test.each([
  ['client', ClientFrame],
  ['server', ServerFrame],
] as const)('frames of the %s are as they always were', async (side, schema) => {
  const json = toJsonSchema(schema, { errorMode: 'ignore' })
  await expect(pretty(json)).toMatchFileSnapshot(`../golden/contracts/frames-of-${side}.json`)
})

/** Ed25519 signs the same bytes alike each time, so a key that is always the same makes bodies that are. */
function fixedKey() {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)])
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

test('a packed body of a bridge that was built long ago is still opened', async () => {
  const { privateKey, publicKey } = fixedKey()
  const packing = { site: 'lyon-1', key: 'k1', lane: 'records' } as const
  const lines = ['{"a":1}', '{"b":"é"}']
  const body = packBody(packing, lines, (bytes) => sign(null, bytes, privateKey))
  await expect(`${body}\n`).toMatchFileSnapshot('../golden/contracts/packed-body.json')
  expect(await openBody(body, async () => publicKey)).toEqual({ ...packing, lines })
})

test('a signed command is as it always was', async () => {
  const { privateKey, publicKey } = fixedKey()
  const command = {
    command: 'place',
    call: 'sh-1795460590.0000000001',
    endpoint: 'PJSIP/5860',
    extension: '61',
    ringSeconds: 20,
    issuedAt: '2026-11-23T19:03:10.079Z',
    deadline: '2026-11-23T19:03:25.079Z',
  } as const
  const body = signCommand('lyon-1', command, privateKey)
  await expect(`${body}\n`).toMatchFileSnapshot('../golden/contracts/command.json')
  expect(openCommand(body, 'lyon-1', publicKey)).toEqual(command)
})
