import { Ajv2020 } from 'ajv/dist/2020.js'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { routeNames } from '../../contracts/routes.ts'
import { asyncApi } from '../../functions/http/documents/asyncapi.ts'
import { openApi } from '../../functions/http/documents/openapi.ts'
import { checkAnswer } from '../support/contract.ts'
import { type Deployment, deploy } from '../support/deployment.ts'

let deployment: Deployment
beforeAll(async () => {
  deployment = await deploy()
})
afterAll(async () => deployment[Symbol.asyncDispose]())

const Document = v.looseObject({
  servers: v.array(v.object({ url: v.string() })),
  paths: v.record(v.string(), v.record(v.string(), v.looseObject({ operationId: v.string() }))),
})

test('the document is served without a key, and is the one that tests hold every answer against', async () => {
  const response = await deployment.call('GET', '/v1/openapi.json')
  expect(response.status).toBe(200)
  const served = v.parse(Document, await response.json())
  expect(served).toEqual(JSON.parse(JSON.stringify(openApi(served.servers[0]?.url ?? ''))))
})

test('the AsyncAPI document is served too, with the address of the socket', async () => {
  const response = await deployment.call('GET', '/v1/asyncapi.json')
  expect(response.status).toBe(200)
  const served = await response.json()
  const { host, protocol, pathname } = Object.values(served.servers)[0] as Record<string, string>
  expect(served).toEqual(JSON.parse(JSON.stringify(asyncApi(`${protocol}://${host}${pathname}`))))
})

test('every route has its operation, each with a name of its own', () => {
  const { paths } = v.parse(Document, JSON.parse(JSON.stringify(openApi('https://api'))))
  const found = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(found.sort()).toEqual([...routeNames].sort())
  const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
  expect(new Set(ids).size).toBe(ids.length)
})

test('every schema in it compiles', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const schemas: object[] = []
  JSON.parse(JSON.stringify(openApi('https://api')), (key, value) => {
    if (key === 'schema') schemas.push(value)
    return value
  })
  expect(schemas.length).toBeGreaterThan(50)
  for (const schema of schemas.filter((one) => !('$ref' in one))) ajv.compile(schema)
})

test('an answer that the document does not know is found', async () => {
  const json = (status: number, body: unknown, type = 'application/json') =>
    new Response(JSON.stringify(body), { status, headers: { 'content-type': type } })
  const path = '/v1/sites/office/keys'
  await checkAnswer('GET', path, json(200, { keys: [] }))
  await expect(checkAnswer('GET', path, json(200, { keys: [{}] }))).rejects.toThrow(/keys/)
  await expect(checkAnswer('GET', path, json(201, { keys: [] }))).rejects.toThrow('knows no such answer')
  await expect(checkAnswer('GET', path, json(400, {}, 'application/problem+json'))).rejects.toThrow('errorId')
})
