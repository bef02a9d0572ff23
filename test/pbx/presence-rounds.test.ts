import { expect, test } from 'vitest'
import { runRounds } from './support/rounds.ts'
import { startStack } from './support/stack.ts'

/**
 * Goal: every page shows what Asterisk says, though its socket is cut again and again. Method: three rounds of the fifty of
 * `npm run campaign -- presence-rounds`: real calls, the packaged functions, 20 clients, cuts at random moments.
 */
test('20 pages, cut at random during real calls, show what Asterisk says at the end of each', async () => {
  await using stack = await startStack()
  expect(await runRounds(stack, 3)).toMatchObject({ rounds: 3, cuts: 24 })
}, 240_000)
