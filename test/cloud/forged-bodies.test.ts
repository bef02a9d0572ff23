import { expect, test, vi } from 'vitest'
import { forgeBodies } from '../campaigns/forged-bodies.ts'

test('forged and altered message bodies are refused and change no row; genuine bodies that are sent again change nothing', async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const { refusals } = await forgeBodies(300)
  // Every reason of a refusal has occurred. An alteration can also leave the body as it was, which is then accepted.
  const met = ['body-malformed', 'body-key-unknown', 'body-signature-invalid', 'body-lane-wrong']
  expect(Object.keys(refusals)).toEqual(expect.arrayContaining(met))
})
