import { expect, test } from 'vitest'
import { AriRefusedError } from '../../bridge/asterisk/ari-errors.ts'
import { MenuChannel } from '../../bridge/menus/menu-channel.ts'

/** A channel of an Asterisk that answers each order to stop with the next of these. */
function channelOf(statuses: number[]) {
  const asked: string[] = []
  const nothing = async () => undefined
  const requests = {
    get: nothing,
    put: nothing,
    post: nothing,
    async delete(path: string) {
      asked.push(path)
      const status = statuses.shift() ?? 204
      if (status > 299) throw new AriRefusedError(status, `DELETE ${path}`)
    },
  }
  return { channel: new MenuChannel('1', requests, new AbortController().signal), asked }
}

test('a playback that begins as it is to be stopped is stopped at the second order', async () => {
  const { channel, asked } = channelOf([500])
  await channel.stop('waiting')
  expect(asked).toEqual(['/playbacks/waiting', '/playbacks/waiting'])
})

test('a playback that has ended is stopped already', async () => {
  const { channel, asked } = channelOf([500, 404])
  await channel.stop('waiting')
  expect(asked).toHaveLength(2)
})

test.each([
  [500, 4],
  [503, 1],
])('an Asterisk that answers %i is asked %i times and no more', async (status, times) => {
  const { channel, asked } = channelOf(Array<number>(10).fill(status))
  await expect(channel.stop('waiting')).rejects.toMatchObject({ status })
  expect(asked).toHaveLength(times)
})
