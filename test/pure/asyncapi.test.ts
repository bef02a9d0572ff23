import { Parser } from '@asyncapi/parser'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { asyncApi } from '../../functions/http/documents/asyncapi.ts'

const document = JSON.parse(JSON.stringify(asyncApi('wss://live.example.com/dev')))

test('the AsyncAPI document is valid and its linter reports nothing', async () => {
  const { document: parsed, diagnostics } = await new Parser().parse(document)
  expect(diagnostics.map(({ code, message, path }) => `${code} ${path.join('.')}: ${message}`)).toEqual([])
  expect(parsed?.operations().all()).toHaveLength(4)
})

test('the AsyncAPI document accepts the frames of a session and rejects malformed ones', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false })
  const is = (name: string, frame: unknown) => ajv.validate(document.components.messages[name].payload, frame)
  expect(is('subscribe', { action: 'subscribe', topics: ['endpoints', 'calls'], extensions: ['60'] })).toBe(true)
  expect(is('subscribe', { action: 'subscribe', topics: ['weather'] })).toBe(false)
  expect(is('resume', { action: 'resume', topics: ['calls'], epoch: 7, w: 1_795_460_637_000 })).toBe(true)
  expect(is('reset', { type: 'reset', epoch: 8, reason: 'the bridge has sent its whole state again' })).toBe(true)
  const entity = {
    id: 'PJSIP/5860',
    v: '0000000007.0000000001',
    r: 0,
    state: {
      endpoint: 'PJSIP/5860',
      technology: 'PJSIP',
      resource: '5860',
      deviceState: 'INUSE',
      reachability: 'online',
      since: '2026-11-24T08:00:00.000Z',
    },
  }
  const delta = { type: 'delta', topic: 'endpoints', epoch: 7, ks: [1], w: 1_795_460_637_000, entities: [entity] }
  expect(is('delta', delta)).toBe(true)
  expect(is('delta', { ...delta, entities: [{ ...entity, v: '7.1' }] })).toBe(false)
})
