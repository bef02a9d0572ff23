import { expect, test, vi } from 'vitest'
import { forgeBodies } from '../campaigns/forged-bodies.ts'

test('forged and altered bodies change no row, and genuine ones sent again leave it as it was', async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const { refusals } = await forgeBodies(300)
  // Each way of being refused was met; a change that breaks the JSON may also still be a whole body, and then verifies.
  const met = ['body-malformed', 'body-key-unknown', 'body-signature-invalid', 'body-lane-wrong']
  expect(Object.keys(refusals)).toEqual(expect.arrayContaining(met))
})
