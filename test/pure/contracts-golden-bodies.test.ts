import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { openCommand, signCommand } from '../../contracts/commands.ts'
import { openBody, packBody } from '../../contracts/packed-body.ts'

/** Ed25519 signatures are deterministic, so a fixed key gives fixed bodies. */
function fixedKey() {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)])
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

test('a packed body matches its golden file and can be opened', async () => {
  const { privateKey, publicKey } = fixedKey()
  const packing = { site: 'lyon-1', key: 'k1', lane: 'records' } as const
  const lines = ['{"a":1}', '{"b":"é"}']
  const written = lines.map((line) => Buffer.from(line))
  const body = packBody(packing, written, (bytes) => sign(null, bytes, privateKey))
  await expect(`${body}\n`).toMatchFileSnapshot('../golden/contracts/packed-body.json')
  expect(await openBody(body, async () => publicKey)).toEqual({ ...packing, lines })
})

test('a signed command matches its golden file', async () => {
  const { privateKey, publicKey } = fixedKey()
  const command = {
    command: 'place',
    call: 'sh-1795460590.0000000001',
    endpoint: 'PJSIP/5860',
    extension: '61',
    ringSeconds: 20,
    issuedAt: '2026-11-23T19:03:10.079Z',
    deadline: '2026-11-23T19:03:25.079Z',
  } as const
  const body = signCommand('lyon-1', command, privateKey)
  await expect(`${body}\n`).toMatchFileSnapshot('../golden/contracts/command.json')
  expect(openCommand(body, 'lyon-1', publicKey)).toEqual(command)
})
