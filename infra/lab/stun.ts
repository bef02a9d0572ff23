import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { setTimeout as delay } from 'node:timers/promises'

/** STUN, RFC 8489: only what a phone needs to learn the address that a server sees. */
const BINDING_REQUEST = 0x0001
const BINDING_SUCCESS = 0x0101
const MAGIC_COOKIE = 0x2112a442
const XOR_MAPPED_ADDRESS = 0x0020
const IPV4 = 0x01
const HEADER_BYTES = 20

export interface StunAddress {
  readonly address: string
  readonly port: number
}

/** Returns a Binding request without attributes. */
export function bindingRequest(transaction: Buffer): Buffer {
  const message = Buffer.alloc(HEADER_BYTES)
  message.writeUInt16BE(BINDING_REQUEST, 0)
  message.writeUInt32BE(MAGIC_COOKIE, 4)
  transaction.copy(message, 8, 0, 12)
  return message
}

/** Returns the address in a Binding answer, or undefined if the message is another one. */
export function mappedAddress(message: Buffer, transaction: Buffer): StunAddress | undefined {
  if (message.length < HEADER_BYTES || message.readUInt16BE(0) !== BINDING_SUCCESS) return undefined
  if (message.readUInt32BE(4) !== MAGIC_COOKIE || !message.subarray(8, 20).equals(transaction)) return undefined
  for (let at = HEADER_BYTES; at + 4 <= message.length; ) {
    const type = message.readUInt16BE(at)
    const length = message.readUInt16BE(at + 2)
    if (type === XOR_MAPPED_ADDRESS && length === 8 && at + 12 <= message.length && message[at + 5] === IPV4) {
      const port = message.readUInt16BE(at + 6) ^ (MAGIC_COOKIE >>> 16)
      const bits = (message.readUInt32BE(at + 8) ^ MAGIC_COOKIE) >>> 0
      return { port, address: [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.') }
    }
    // Attributes are padded to four bytes.
    at += 4 + Math.ceil(length / 4) * 4
  }
  return undefined
}

const TRIES_MAX = 40
const TRY_MS = 250

/** Asks a server which address it sees for a local port. Returns undefined without an answer in 10 s. */
export async function askStun(local: StunAddress, server: StunAddress): Promise<StunAddress | undefined> {
  const socket = createSocket('udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ address: local.address, port: local.port }, resolve)
    })
    socket.removeAllListeners('error')
    // A refused packet (ICMP) is an error of the socket: the server may not listen yet.
    socket.on('error', () => undefined)
    const transaction = randomBytes(12)
    let found: StunAddress | undefined
    socket.on('message', (message) => {
      found ??= mappedAddress(message, transaction)
    })
    for (let n = 0; n < TRIES_MAX && !found; n++) {
      socket.send(bindingRequest(transaction), server.port, server.address)
      for (let waited = 0; waited < TRY_MS && !found; waited += 10) await delay(10)
    }
    return found
  } finally {
    socket.close()
  }
}

/** Run as a program of its own in the network of a phone: `LOCAL PORT SERVER PORT`; prints `ADDRESS PORT`. */
export async function main([address = '', port, serverAddress = '', serverPort]: string[]): Promise<void> {
  const server = { address: serverAddress, port: Number(serverPort) }
  const found = await askStun({ address, port: Number(port) }, server)
  if (!found) throw new Error(`no answer from the STUN server ${serverAddress}:${serverPort}`)
  console.log(`${found.address} ${found.port}`)
}
