import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AmiMessages, encodeAction } from '../../bridge/asterisk/ami-messages.ts'
import { Mailboxes } from '../../bridge/normalise/mailboxes.ts'
import { propertyRuns } from '../support/property.ts'

function read(chunks: readonly Uint8Array[]) {
  const messages = new AmiMessages()
  return chunks
    .flatMap((chunk) => messages.push(Buffer.from(chunk)))
    .map(({ headers, isCut }) => ({ headers: [...headers], isCut }))
}

const header = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('Event: MessageWaiting', 'Mailbox: 6000@voicemail', 'New: 1', 'Response: Success', ':', 'a:', ' : b'),
)
const stream = fc
  .array(fc.tuple(header, fc.constantFrom('\r\n', '\n', '\r\n\r\n', '\r', '\0', '')), { maxLength: 12 })
  .map((parts) => Buffer.from(parts.flat().join('')))

test('AmiMessages returns the same messages however the bytes are split into chunks', () => {
  fc.assert(
    fc.property(stream, (bytes) => {
      const whole = read([bytes])
      expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole)
      for (let at = 1; at < bytes.length; at += 7) {
        expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole)
      }
    }),
    { numRuns: propertyRuns(300) },
  )
})

test('AmiMessages limits its memory for a header of 10 MB and for 100,000 headers, and marks the message as cut', () => {
  const messages = new AmiMessages()
  const before = process.memoryUsage().heapUsed + process.memoryUsage().external
  for (let sent = 0; sent < 160; sent += 1) expect(messages.push(Buffer.alloc(65_536, 'x'))).toEqual([])
  for (let sent = 0; sent < 100_000; sent += 1) messages.push(Buffer.from(`Header${sent}: ${sent}\r\n`))
  const [message] = messages.push(Buffer.from('\r\n'))
  expect(message?.isCut).toBe(true)
  expect(message?.headers.size).toBe(300)
  const grown = process.memoryUsage().heapUsed + process.memoryUsage().external - before
  expect(grown).toBeLessThan(100_000_000)
  expect(messages.push(Buffer.from('Event: Next\r\n\r\n'))).toEqual([
    { headers: new Map([['event', 'Next']]), isCut: false },
  ])
})

test('encodeAction rejects values that would become a second header', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 })
  fc.assert(
    fc.property(text, fc.constantFrom('\r', '\n', '\r\n', '\0', ''), text, (before, breaking, after) => {
      const value = `${before}${breaking}${after}`
      let encoded: string
      try {
        encoded = encodeAction({ Action: 'Getvar', Variable: value })
      } catch (error) {
        expect(error).toMatchObject({ errorId: 'ami-header-refused' })
        expect(/[\r\n\0]/.test(value)).toBe(true)
        return
      }
      expect(encoded.split(/\r\n|\r|\n/)).toEqual(['Action: Getvar', `Variable: ${value}`, '', ''])
    }),
    { numRuns: propertyRuns(300) },
  )
  expect(() => encodeAction({ 'A: b\r\nC': 'x' })).toThrow(/line break/)
  expect(() => encodeAction({ Action: 'x'.repeat(2000) })).toThrow(/longer than Asterisk/)
})

test('adds up the messages of all mailboxes of a phone, whether counts or owners arrive first', () => {
  const boxes = new Mailboxes()
  expect(boxes.setCount('1@v', { new: 1, old: 2 })).toEqual([])
  expect(boxes.setOwners(new Map([['1@v', ['PJSIP/a', 'PJSIP/b']]]))).toEqual(['PJSIP/a', 'PJSIP/b'])
  expect(boxes.of('PJSIP/a')).toEqual({ new: 1, old: 2 })
  boxes.setOwners(
    new Map([
      ['1@v', ['PJSIP/a']],
      ['2@v', ['PJSIP/a']],
    ]),
  )
  expect(boxes.setCount('2@v', { new: 4, old: 0 })).toEqual(['PJSIP/a'])
  expect(boxes.of('PJSIP/a')).toEqual({ new: 5, old: 2 })
  expect(boxes.of('PJSIP/b')).toBeUndefined()
})
