import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { makeSecret, signatureHeaders } from '../../functions/domain/webhooks/signature.ts'

const hasPython = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0

/** Goal: the receiver in Python takes what is sent. Method: its own functions get requests as the functions sign them. */
test.runIf(hasPython)('the receiver in Python works once for an event, and refuses what is not signed', () => {
  const secret = makeSecret()
  const body = JSON.stringify({ id: 'evt_1', type: 'call.ended', time: '', data: { name: 'Zoé ☎' } })
  const now = Math.floor(Date.now() / 1000)
  const signed = (seconds: number, secrets: string[]) => signatureHeaders({ id: 'evt_1', seconds, body }, secrets)
  const requests = [
    [signed(now, [secret]), body],
    [signed(now, [makeSecret(), secret]), body],
    [signed(now, [makeSecret()]), body],
    [signed(now - 400, [secret]), body],
    [signed(now, [secret]), `${body} `],
    [{ ...signed(now, [secret]), 'webhook-timestamp': '²' }, body],
    [{ ...signed(now, [secret]), 'webhook-signature': 'é v1,' }, body],
    [{}, body],
  ]
  const program = `
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("receiver", "examples/webhooks/receiver.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
given = json.load(sys.stdin)
receiver = module.Receiver(given["secret"])
statuses = [receiver.receive(headers, body.encode()) for headers, body in given["requests"]]
print(json.dumps([statuses, receiver.events.qsize()]))`
  const input = JSON.stringify({ secret, requests })
  const { stdout, stderr } = spawnSync('python3', ['-B', '-c', program], { input, encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual([[204, 204, 401, 401, 401, 401, 401, 401], 1])
})
