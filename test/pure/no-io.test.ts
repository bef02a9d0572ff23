import { execFile, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { fsyncSync, mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer, connect as tcpConnect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { takeAttempts } from '../support/no-io.ts'

async function syncFile(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'no-io-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  await using file = await open(path.join(folder, 'file'), 'w')
  await file.datasync()
}

test.each([
  ['connects to a TCP port', () => tcpConnect(1, '127.0.0.1'), 'open a socket'],
  ['listens on a TCP port', () => createServer().listen(0), 'listen on a socket'],
  ['binds a UDP port', () => createSocket('udp4').bind(0), 'open a socket'],
  ['fetches a URL', () => fetch('http://127.0.0.1:59999'), 'open a socket'],
  ['starts a process', () => execFile('true'), 'start a process'],
  ['starts a process and blocks', () => spawnSync('true'), 'start a process'],
  ['syncs a file by its descriptor', () => fsyncSync(1), 'sync a file'],
  ['syncs a file by its handle', syncFile, 'sync a file'],
  ['waits for a second', () => delay(1000), 'wait 1000 ms'],
  ['starts a timer of a minute', () => setTimeout(() => undefined, 60_000), 'wait 60000 ms'],
  ['starts an interval of a minute', () => setInterval(() => undefined, 60_000), 'wait 60000 ms'],
])('refuses a test that %s', async (_, attempt, what) => {
  await expect((async () => attempt())()).rejects.toThrow()
  expect(takeAttempts()).toEqual([what])
})
