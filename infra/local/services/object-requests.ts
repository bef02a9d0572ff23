import type { IncomingHttpHeaders } from 'node:http'
import { denialOf } from '../access/authorization.ts'
import type { Permission } from '../access/policy.ts'
import type { Principal } from '../access/roles.ts'
import type { Log } from '../log.ts'
import { requestTarget } from '../request-target.ts'
import type { EmulatorAnswer } from './emulator.ts'
import type { ObjectEmulator, ObjectRequest } from './object-emulator.ts'

/** Whether a request is signed for S3, in its header or, for a presigned URL, in its query string. */
export function isObjectRequest(headers: IncomingHttpHeaders, url: string): boolean {
  const header = /Credential=[^/]+\/\d{8}\/[\w-]+\/s3\/aws4_request/
  const query = /[?&]X-Amz-Credential=[^&]+%2Fs3%2Faws4_request/i
  return header.test(headers.authorization ?? '') || query.test(url)
}

/**
 * Answers a request to S3: checks the caller's policies and the lifetime of a presigned URL, then asks the emulator. The
 * signature is not verified, as for the other services.
 */
export async function answerObjectRequest(
  request: ObjectRequest,
  principal: Principal | 'expired' | undefined,
  { objects, now, log }: { objects: Pick<ObjectEmulator, 'call'>; now: number; log: Log },
): Promise<EmulatorAnswer> {
  if (principal === undefined) return forbidden('InvalidAccessKeyId', 'The AWS Access Key Id does not exist.')
  if (principal === 'expired') return forbidden('ExpiredToken', 'The provided token has expired.')
  if (isExpired(request.url, now)) return forbidden('AccessDenied', 'Request has expired')
  const denial = denialOf(principal, permissionsOf(request))
  if (denial === undefined) return objects.call(request)
  log('request-denied', { service: 's3', action: request.method, denial })
  return forbidden('AccessDenied', denial)
}

/** Returns the permissions that a request needs ("Actions, resources, and condition keys for Amazon S3"). */
function permissionsOf({ method, url }: ObjectRequest): Permission[] {
  const { pathname, query } = requestTarget(url)
  const searchParams = new URLSearchParams(query)
  const [, bucket = '', ...rest] = decodeURIComponent(pathname).split('/')
  const key = rest.join('/')
  const on = (action: string, resource: string): Permission[] => [{ action: `s3:${action}`, resource }]
  const bucketArn = `arn:aws:s3:::${bucket}`
  if (key === '') {
    if (method === 'GET') return on('ListBucket', bucketArn)
    if (method === 'POST') return on('DeleteObject', `${bucketArn}/*`)
    return on(searchParams.has('lifecycle') ? 'PutLifecycleConfiguration' : 'CreateBucket', bucketArn)
  }
  const object = `${bucketArn}/${key}`
  if (method === 'GET' || method === 'HEAD') return on('GetObject', object)
  if (method !== 'DELETE') return on('PutObject', object)
  return on(searchParams.has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject', object)
}

/** Whether the lifetime of a presigned URL is over. */
function isExpired(url: string, now: number): boolean {
  const searchParams = new URLSearchParams(requestTarget(url).query)
  const [signed, seconds] = [searchParams.get('X-Amz-Date'), searchParams.get('X-Amz-Expires')]
  if (signed === null || seconds === null) return false
  const iso = signed.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')
  return !(now <= Date.parse(iso) + 1000 * Number(seconds))
}

/** Answers 403 with an error in XML, as S3 does. */
function forbidden(code: string, message: string): EmulatorAnswer {
  const escaped = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return {
    status: 403,
    headers: { 'content-type': 'application/xml' },
    body: Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${escaped}</Message></Error>`),
  }
}
