import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { accessKeyIdOf, denialOf } from '../access/authorization.ts'
import type { Principal, Roles } from '../access/roles.ts'
import { signatureTimeFault } from '../access/signature-time.ts'
import { Sts } from '../access/sts.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { readBody } from '../request-body.ts'
import { type Emulator, type EmulatorAnswer, errorAnswer } from './emulator.ts'
import { type Faults, faultAnswer } from './faults.ts'
import type { ObjectEmulator } from './object-emulator.ts'
import { answerObjectRequest, isObjectRequest } from './object-requests.ts'
import { readServiceCall, type ServiceCall, type ServiceName } from './service-call.ts'
import type { Topics } from './topics.ts'

/** DynamoDB's limit, the largest of the services. */
const requestBytesMax = 16 * 1024 * 1024
/** Delay of a `delay` fault without `delayMs`. */
const faultDelayMsDefault = 1000

/**
 * Creates the server in front of the emulators. It finds the caller's role by the access key in the request's signature, checks
 * the role's policies, injects faults and forwards the request. Of the signature it verifies the time only: the local cloud tests
 * policies, and clients whose clock is wrong.
 */
export function createRequestProxy(options: {
  emulators: Record<ServiceName, Emulator>
  objects: ObjectEmulator
  roles: Roles
  sts: Sts
  topics: Topics
  region: string
  /** Partition key of each table, by the table's name. */
  hashKeys: ReadonlyMap<string, string>
  faults: Faults
  /** Called with each authorized request. */
  onCall: (call: ServiceCall) => void
  log: Log
}): RequestListener {
  const { emulators, objects, roles, sts, topics, region, hashKeys, faults, onCall, log } = options

  async function answer(call: ServiceCall, principal: Principal, headers: Record<string, string>, body: Buffer) {
    // Faults are for functions and the bridge, not for requests of the local cloud itself.
    const fault = principal.kind === 'runner' ? undefined : faults.match(call)
    if (fault?.kind === 'delay') await delay(fault.delayMs ?? faultDelayMsDefault)
    const injected = fault && faultAnswer(fault)
    if (injected) return injected
    const reply = await emulators[call.service].call(headers, body)
    return fault?.kind === 'reply-lost' ? 'lost' : reply
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers = plainHeaders(request)
    const body = await readBody(request, requestBytesMax)
    const target = headers['x-amz-target'] ?? ''
    const accessKeyId = accessKeyIdOf(request.headers, request.url ?? '') ?? ''
    const principal = sts.principal(accessKeyId, headers['x-amz-security-token']) ?? roles.principal(accessKeyId)
    const { method = 'GET', url = '/' } = request
    if (body && isObjectRequest(request.headers, url)) {
      const objectRequest = { method, url, headers, body }
      return send(response, await answerObjectRequest(objectRequest, principal, { objects, now: Date.now(), log }))
    }
    const isSqs = target.startsWith('AmazonSQS.')
    const timeFault = signatureTimeFault(request.headers, isSqs, Date.now())
    if (timeFault !== undefined) return send(response, refusedTime(isSqs, timeFault))
    const form = body && Sts.form(headers['content-type'], body)
    if (form && principal && principal !== 'expired') return send(response, sts.answer(principal, form))
    const published = body && topics.form(headers['content-type'], body)
    if (published && principal && principal !== 'expired')
      return send(response, await topics.answer(principal, published))
    const call = body === undefined ? undefined : readServiceCall(target, body, region, hashKeys)
    if (!call || !body) {
      return send(
        response,
        errorAnswer(400, 'UnknownOperationException', `The local cloud does not support "${target}".`),
      )
    }
    if (principal === 'expired') return send(response, expired(call.service))
    if (!principal) return send(response, unknownKey(call.service))
    const denial = denialOf(principal, call.permissions)
    if (denial !== undefined) {
      log('request-denied', { service: call.service, action: call.action, denial })
      return send(response, denied(call.service, denial))
    }
    onCall(call)
    const reply = await answer(call, principal, headers, body)
    if (reply === 'lost') request.socket.destroy()
    else send(response, reply)
  }

  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      log('request-failed', { target: request.headers['x-amz-target'], error: messageOf(error) })
      if (response.headersSent) response.destroy()
      else send(response, errorAnswer(500, 'InternalFailure', messageOf(error), 'InternalFailure'))
    })
  }
}

function plainHeaders(request: IncomingMessage): Record<string, string> {
  const entries = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const)
  // The body is forwarded in one piece, so its transfer encoding no longer applies.
  return Object.fromEntries(entries.filter(([name]) => name !== 'transfer-encoding' && name !== 'connection'))
}

function denied(service: ServiceName, message: string): EmulatorAnswer {
  return service === 'sqs'
    ? errorAnswer(403, 'AccessDeniedException', message, 'AccessDenied')
    : errorAnswer(400, 'AccessDeniedException', message)
}

/** SQS names the error as its query protocol did; the status is AWS's too. */
function refusedTime(isSqs: boolean, message: string): EmulatorAnswer {
  return isSqs
    ? errorAnswer(403, 'InvalidSignatureException', message, 'SignatureDoesNotMatch')
    : errorAnswer(400, 'InvalidSignatureException', message)
}

function expired(service: ServiceName): EmulatorAnswer {
  const message = 'The security token included in the request is expired.'
  return service === 'sqs'
    ? errorAnswer(403, 'ExpiredToken', message, 'ExpiredToken')
    : errorAnswer(400, 'ExpiredTokenException', message)
}

function unknownKey(service: ServiceName): EmulatorAnswer {
  const message = 'The security token included in the request is invalid.'
  return service === 'sqs'
    ? errorAnswer(403, 'InvalidClientTokenId', message, 'InvalidClientTokenId')
    : errorAnswer(400, 'UnrecognizedClientException', message)
}

function send(response: ServerResponse, { status, headers, body }: EmulatorAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body)
}
