import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { errorCode, PortInUseError } from '../errors.ts'
import type { AsteriskPorts } from '../render/layout.ts'

/** Each leg of a call takes two ports, so the range is enough for 100 calls at once. */
const RTP_PORTS = 400
/** Offsets in a block of ports. A socket on the first port marks the block as reserved; audio begins at an even port. */
const SIP = 1
const HTTP = 2
const AMI = 3
const RTP = 4
const BLOCK_PORTS = RTP + RTP_PORTS
/**
 * The blocks are below 32768, where Linux takes the ports of outgoing connections: otherwise a connection could take a
 * port of Asterisk while it restarts. 22,000 ports make 54 blocks.
 */
const LOWEST = 10_000
const HIGHEST = 32_000

/** Marks of the blocks that this process has reserved, by SIP port. */
const marks = new Map<number, Held>()

/**
 * Reserves the ports of one Asterisk until they are released or this process ends. Until then no call of this function, in
 * any process, returns the same ports.
 *
 * @throws PortInUseError if every block is taken
 */
export async function reservePorts(address = '127.0.0.1'): Promise<AsteriskPorts> {
  const blocks = Math.floor((HIGHEST - LOWEST) / BLOCK_PORTS)
  const begin = randomInt(blocks)
  for (let n = 0; n < blocks; n++) {
    const first = LOWEST + ((begin + n) % blocks) * BLOCK_PORTS
    const ports = await reserveBlock(first, address)
    if (ports) return ports
  }
  throw new PortInUseError(`and every other one up to ${HIGHEST}`, address, LOWEST)
}

/** Releases reserved ports; ports that this process has not reserved are ignored. */
export async function releasePorts({ sip }: Pick<AsteriskPorts, 'sip'>): Promise<void> {
  const mark = marks.get(sip)
  marks.delete(sip)
  await mark?.release()
}

/** Returns undefined if another process has reserved the block or uses one of its ports. */
async function reserveBlock(first: number, address: string): Promise<AsteriskPorts | undefined> {
  let mark: Held | undefined
  try {
    mark = await holdUdp('127.0.0.1', first)
    const ports = { sip: first + SIP, http: first + HTTP, ami: first + AMI }
    await checkPortsFree(ports, address)
    const rtpFirst = first + RTP
    await checkFree('audio', address, rtpFirst, holdUdp)
    marks.set(ports.sip, mark)
    return { ...ports, rtpFirst, rtpLast: rtpFirst + RTP_PORTS - 1 }
  } catch (error) {
    await mark?.release()
    if (error instanceof PortInUseError || errorCode(error) === 'EADDRINUSE') return undefined
    throw error
  }
}

/** @throws PortInUseError with the first port that is taken */
export async function checkPortsFree(ports: ServicePorts, address: string): Promise<void> {
  await checkFree('SIP', address, ports.sip, holdUdp)
  await checkFree('ARI', '127.0.0.1', ports.http, holdTcp)
  await checkFree('AMI', '127.0.0.1', ports.ami, holdTcp)
}

/** Ports that Asterisk binds at its start; those for audio are bound for each call. */
type ServicePorts = Pick<AsteriskPorts, 'sip' | 'http' | 'ami'>

interface Held {
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

async function holdUdp(address: string, port: number): Promise<Held> {
  const socket = createSocket('udp4')
  socket.bind({ address, port, exclusive: true })
  await once(socket, 'listening')
  // The socket does not keep this process running.
  socket.unref()
  return { release: () => new Promise((resolve) => socket.close(() => resolve())) }
}

async function holdTcp(address: string, port: number): Promise<Held> {
  const server = createServer()
  server.listen({ host: address, port, exclusive: true })
  await once(server, 'listening')
  return { release: () => new Promise((resolve) => server.close(() => resolve())) }
}
