import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { errorCode, PortInUseError } from '../errors.ts'
import type { AsteriskPorts } from '../render/layout.ts'

/** A call takes two ports of the range on each leg: 100 calls at once. */
const RTP_PORTS = 400
/** Below the range from which Linux hands out ports by itself, so that no other program gets one of them by chance. */
const RTP_LOWEST = 10_000
const RTP_HIGHEST = 32_000
/** The first port of the range is tried; 22,000 ports hold 55 ranges, and few machines run five exchanges. */
const RTP_TRIES = 20

/** Ports that are free on `address` now; nobody is kept from taking them before Asterisk does. */
export async function freePorts(address = '127.0.0.1'): Promise<AsteriskPorts> {
  const [sip, http, ami] = await Promise.all([holdUdp(address, 0), holdTcp('127.0.0.1', 0), holdTcp('127.0.0.1', 0)])
  await Promise.all([sip.release(), http.release(), ami.release()])
  const rtpFirst = await freeRange(address)
  return { sip: sip.port, http: http.port, ami: ami.port, rtpFirst, rtpLast: rtpFirst + RTP_PORTS - 1 }
}

/** @throws PortInUseError naming the first one that is taken */
export async function checkPortsFree(ports: AsteriskPorts, address: string): Promise<void> {
  await checkFree('SIP', address, ports.sip, holdUdp)
  await checkFree('ARI', '127.0.0.1', ports.http, holdTcp)
  await checkFree('AMI', '127.0.0.1', ports.ami, holdTcp)
}

interface Held {
  readonly port: number
  release(): Promise<void>
}

type Hold = (address: string, port: number) => Promise<Held>

async function checkFree(purpose: string, address: string, port: number, hold: Hold): Promise<void> {
  try {
    await (await hold(address, port)).release()
  } catch (error) {
    if (errorCode(error) === 'EADDRINUSE' || errorCode(error) === 'EACCES')
      throw new PortInUseError(purpose, address, port)
    throw error
  }
}

async function freeRange(address: string): Promise<number> {
  for (let attempt = 0; attempt < RTP_TRIES; attempt++) {
    const first = RTP_LOWEST + 2 * randomInt(0, (RTP_HIGHEST - RTP_LOWEST - RTP_PORTS) / 2)
    try {
      await (await holdUdp(address, first)).release()
      return first
    } catch (error) {
      if (errorCode(error) !== 'EADDRINUSE') throw error
    }
  }
  throw new PortInUseError('audio', address, RTP_LOWEST)
}

async function holdUdp(address: string, port: number): Promise<Held> {
  const socket = createSocket('udp4')
  socket.bind({ address, port, exclusive: true })
  await once(socket, 'listening')
  return { port: socket.address().port, release: () => new Promise((resolve) => socket.close(() => resolve())) }
}

async function holdTcp(address: string, port: number): Promise<Held> {
  const server = createServer()
  server.listen({ host: address, port, exclusive: true })
  await once(server, 'listening')
  const bound = server.address()
  const release = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return { port: typeof bound === 'object' && bound ? bound.port : port, release }
}
