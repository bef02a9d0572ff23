import { Ajv2020 } from 'ajv/dist/2020.js'
import * as v from 'valibot'
import { beforeAll, expect, test } from 'vitest'
import { routeNames } from '../../contracts/routes.ts'
import { asyncApi } from '../../functions/http/documents/asyncapi.ts'
import { openApi } from '../../functions/http/documents/openapi.ts'
import { checkAnswer } from '../support/contract.ts'
import { type SharedDeployment, sharedDeployment } from '../support/deployment.ts'

let deployment: SharedDeployment
beforeAll(async () => {
  deployment = sharedDeployment()
})

const Document = v.looseObject({
  servers: v.array(v.object({ url: v.string() })),
  paths: v.record(v.string(), v.record(v.string(), v.looseObject({ operationId: v.string() }))),
})

test('serves, without a key, the OpenAPI document against which the tests check every answer', async () => {
  const response = await deployment.call('GET', '/v1/openapi.json')
  expect(response.status).toBe(200)
  const served = v.parse(Document, await response.json())
  expect(served).toEqual(JSON.parse(JSON.stringify(openApi(served.servers[0]?.url ?? ''))))
})

test('serves the AsyncAPI document with the address of the socket', async () => {
  const response = await deployment.call('GET', '/v1/asyncapi.json')
  expect(response.status).toBe(200)
  const served = await response.json()
  const { host, protocol, pathname } = Object.values(served.servers)[0] as Record<string, string>
  expect(served).toEqual(JSON.parse(JSON.stringify(asyncApi(`${protocol}://${host}${pathname}`))))
})

test('the OpenAPI document has one operation for each route, each with its own operationId', () => {
  const { paths } = v.parse(Document, JSON.parse(JSON.stringify(openApi('https://api'))))
  const found = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(found.sort()).toEqual([...routeNames].sort())
  const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
  expect(new Set(ids).size).toBe(ids.length)
})

test('every schema of the OpenAPI document compiles', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const schemas: object[] = []
  JSON.parse(JSON.stringify(openApi('https://api')), (key, value) => {
    if (key === 'schema') schemas.push(value)
    return value
  })
  expect(schemas.length).toBeGreaterThan(50)
  const { components } = JSON.parse(JSON.stringify(openApi('https://api')))
  for (const schema of schemas) ajv.compile({ ...schema, components })
})

test('checkAnswer rejects a body, a status and an errorId that the OpenAPI document does not declare', async () => {
  const json = (status: number, body: unknown, type = 'application/json') =>
    new Response(JSON.stringify(body), { status, headers: { 'content-type': type } })
  const path = '/v1/sites/openapi-office/keys'
  await checkAnswer('GET', path, json(200, { keys: [] }))
  await expect(checkAnswer('GET', path, json(200, { keys: [{}] }))).rejects.toThrow(/keys/)
  await expect(checkAnswer('GET', path, json(201, { keys: [] }))).rejects.toThrow('has no such answer')
  await expect(checkAnswer('GET', path, json(403, {}, 'application/problem+json'))).rejects.toThrow('errorId')
  const problem = { type: 'urn:x', title: 'x', status: 403, detail: 'x', errorId: 'not-declared' }
  await expect(checkAnswer('GET', path, json(403, problem, 'application/problem+json'))).rejects.toThrow('errorId')
})
