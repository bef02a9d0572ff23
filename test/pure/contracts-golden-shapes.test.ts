import { readdirSync } from 'node:fs'
import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { ClientFrame, ServerFrame } from '../../contracts/frames.ts'
import { openApi } from '../../functions/http/documents/openapi.ts'

/**
 * Golden files of every operation and frame, so that a review sees each change of the API. To write them again:
 * `npx vitest run --project pure test/pure/contracts-golden-shapes.test.ts -u`.
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

test.each([...shapes])('the operation %s matches its golden file', async (name, shape) => {
  await expect(pretty(shape)).toMatchFileSnapshot(`../golden/http/${name}.json`)
})

test('every golden file belongs to an operation', () => {
  const files = readdirSync('test/golden/http').map((file) => file.replace(/\.json$/, ''))
  expect(files.filter((name) => !shapes.has(name))).toEqual([])
})

test.each([
  ['client', ClientFrame],
  ['server', ServerFrame],
] as const)('the schema of the WebSocket frames that a %s sends matches its golden file', async (side, schema) => {
  const json = toJsonSchema(schema, { errorMode: 'ignore' })
  await expect(pretty(json)).toMatchFileSnapshot(`../golden/contracts/frames-of-${side}.json`)
})
