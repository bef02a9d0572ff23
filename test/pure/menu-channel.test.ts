import { expect, test } from 'vitest'
import { AriRefusedError } from '../../bridge/asterisk/ari-errors.ts'
import { MenuChannel } from '../../bridge/menus/menu-channel.ts'

/** A channel whose Asterisk answers each DELETE with the next of these statuses, then 204. */
function channelOf(statuses: number[]) {
  const requested: string[] = []
  const nothing = async () => undefined
  const requests = {
    get: nothing,
    put: nothing,
    post: nothing,
    async delete(path: string) {
      requested.push(path)
      const status = statuses.shift() ?? 204
      if (status > 299) throw new AriRefusedError(status, `DELETE ${path}`)
    },
  }
  return { channel: new MenuChannel('1', requests, new AbortController().signal), requested }
}

test('repeats the request to stop a playback if Asterisk answers it with 500', async () => {
  const { channel, requested } = channelOf([500])
  await channel.stop('waiting')
  expect(requested).toEqual(['/playbacks/waiting', '/playbacks/waiting'])
})

test('ignores an answer 404 to the request to stop a playback, because the playback has ended', async () => {
  const { channel, requested } = channelOf([500, 404])
  await channel.stop('waiting')
  expect(requested).toHaveLength(2)
})

test.each([
  [500, 4],
  [503, 1],
])('if Asterisk always answers %i, sends the stop request %i times and then rejects', async (status, times) => {
  const { channel, requested } = channelOf(Array<number>(10).fill(status))
  await expect(channel.stop('waiting')).rejects.toMatchObject({ status })
  expect(requested).toHaveLength(times)
})
